import { Worker } from 'node:worker_threads'
import { LokeanError } from '../errors.ts'
import type { GeneratorOptions } from './generator.ts'
import type { LoadCounts } from './load.ts'
import type { RecordForm } from './record-form.ts'
import type { SenderOptions, SenderResult } from './sender.ts'
import type { BusOptions, BusStats } from '../embedded/bus/bus.ts'

/** Options that can be copied into the thread: no functions, and so no clocks. */
export type ThreadBusOptions = BusOptions
export type ThreadLoadOptions =
  Omit<SenderOptions, 'generator' | 'url' | 'signal' | 'onProgress' | 'onRetry' | 'now' | 'timer'> &
  {
    url?: string
    recordsPerMessage: number
    /** Sends records one by one in this form, for a protocol that has no messages of many. */
    form?: RecordForm
    generator: Omit<GeneratorOptions, 'now' | 'recordsPerMessage'>
  }

/** The main thread's requests. Each gets one reply with its id. */
export type Request =
  | { id: number, kind: 'stats' }
  | { id: number, kind: 'load', options: ThreadLoadOptions }
  | { id: number, kind: 'stop-load', load: number }
  | { id: number, kind: 'drop', of: 'senders' | 'receivers' | 'all' }
  | { id: number, kind: 'close' }

export type Reply =
  | { kind: 'listening', url: string, port: number }
  | { kind: 'progress', id: number, counts: LoadCounts }
  | { kind: 'retry', id: number, message: string, delay: number }
  | { kind: 'seed', id: number, seed: number }
  | { kind: 'reply', id: number, value: unknown }
  | { kind: 'failed', id: number, message: string, retryable: boolean }

export interface RunningLoad {
  /** The records are made from this seed. */
  readonly seed: Promise<number>
  /** Resolves when all messages are sent and settled. */
  readonly done: Promise<SenderResult>
  /** Sends no new message. `done` resolves when the messages in flight are settled. */
  stop (): Promise<void>
}

/** A thread with senders. */
export interface LoadThread {
  /** `onRetry`: a connection of the load failed, and is opened again after `delay` milliseconds. */
  startLoad (
    options: ThreadLoadOptions,
    onProgress?: (counts: LoadCounts) => void,
    onRetry?: (message: string, delay: number) => void
  ): RunningLoad
  /** Closes the bus, if there is one, and the thread. A load that runs ends, and its `done` rejects. */
  close (): Promise<void>
}

/** A thread with a bus too, to which its senders send where no other is named. */
export interface BusThread extends LoadThread {
  readonly url: string
  readonly port: number
  stats (): Promise<BusStats>
  /** Cuts the sockets of all senders, of all receivers, or of all peers. Resolves with how many were cut. */
  dropConnections (of?: 'senders' | 'receivers' | 'all'): Promise<number>
}

interface Pending {
  resolve (value: unknown): void
  reject (error: Error): void
  onProgress?: (counts: LoadCounts) => void
  onRetry?: (message: string, delay: number) => void
  onSeed?: (seed: number) => void
}

/** tsc rewrites the extension of an import, not of a URL. So the thread's file must end as this file does. */
const ENTRY = new URL(`./bus.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url)

/**
 * Runs a bus in a thread of its own, with senders where asked, so that the load takes no time from the measured thread.
 * Resolves when the bus listens. Rejects with LOKEAN_WORKER where it cannot.
 */
export async function startBusThread (options: ThreadBusOptions = {}): Promise<BusThread> {
  return await startThread(options)
}

/** The same for senders whose peer is elsewhere. */
export async function startLoadThread (): Promise<LoadThread> {
  return await startThread(undefined)
}

async function startThread (options: ThreadBusOptions | undefined): Promise<BusThread> {
  const worker = new Worker(ENTRY, { workerData: options, name: 'lokean-bus' })
  const pending = new Map<number, Pending>()
  let nextId = 1
  let failure: Error | undefined

  const fail = (error: Error) => {
    failure ??= error
    for (const { reject } of pending.values()) reject(failure)
    pending.clear()
  }
  const ask = (
    request: { kind: Request['kind'] } & Record<string, unknown>,
    more: Partial<Pending> = {}
  ): { id: number, reply: Promise<unknown> } => {
    const id = nextId++
    const reply = new Promise<unknown>((resolve, reject) => {
      if (failure !== undefined) return reject(failure)
      pending.set(id, { ...more, resolve, reject })
      worker.postMessage({ ...request, id })
    })
    return { id, reply }
  }
  const listening = new Promise<{ url: string, port: number }>((resolve, reject) => {
    pending.set(0, { resolve: value => resolve(value as { url: string, port: number }), reject })
  })

  worker.on('message', (reply: Reply) => {
    const one = pending.get(reply.kind === 'listening' ? 0 : reply.id)
    switch (reply.kind) {
      case 'progress': return one?.onProgress?.(reply.counts)
      case 'retry': return one?.onRetry?.(reply.message, reply.delay)
      case 'seed': return one?.onSeed?.(reply.seed)
      case 'listening': one?.resolve(reply); break
      case 'reply': one?.resolve(reply.value); break
      case 'failed': one?.reject(new LokeanError('LOKEAN_BUS', reply.message, { retryable: reply.retryable })); break
    }
    pending.delete(reply.kind === 'listening' ? 0 : reply.id)
  })
  worker.once('error', error => fail(new LokeanError('LOKEAN_WORKER', `the bus thread failed: ${error.message}`, { cause: error })))
  worker.once('exit', () => fail(new LokeanError('LOKEAN_CLOSED', 'the bus thread has ended')))

  const { url, port } = await listening
  return {
    url,
    port,
    stats: async () => await ask({ kind: 'stats' }).reply as BusStats,
    startLoad (load, onProgress, onRetry) {
      let onSeed = (_seed: number) => {}
      const seed = new Promise<number>(resolve => { onSeed = resolve })
      const { id, reply } = ask({ kind: 'load', options: load }, { onProgress, onRetry, onSeed })
      return {
        seed,
        done: reply as Promise<SenderResult>,
        stop: async () => { await ask({ kind: 'stop-load', load: id }).reply }
      }
    },
    dropConnections: async (of = 'all') => await ask({ kind: 'drop', of }).reply as number,
    async close () {
      if (failure === undefined) await ask({ kind: 'close' }).reply
      // A load that still runs would try for ever to reach the closed bus.
      await worker.terminate()
    }
  }
}
