import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { LokeanError } from '../../errors.ts'
import type { Reconciliation } from './store/id-tally.ts'
import type { ThreadRequest, ThreadMessage, ReconcileOptions, LinesOptions, StoredLine } from './thread-protocol.ts'
import type { LokiOptions } from './server.ts'
import type { LokiStats } from './stats.ts'

/** The compiler rewrites imports, not URLs. So the thread's file must end as this file does. */
const entry = new URL(`./loki.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export type LokiThreadOptions = Omit<LokiOptions, 'now' | 'intercept' | 'onStored'>

export interface LokiThread {
  url: string
  port: number
  stats (): Promise<LokiStats>
  /** Compares the numbers behind a marker in the stored lines with 0 ... expected - 1. */
  reconcile (options: ReconcileOptions): Promise<Reconciliation>
  /** The entries of a log query, oldest first. Default: the first 100 of the last seven days. */
  lines (options: LinesOptions): Promise<StoredLine[]>
  close (): Promise<void>
}

/** Runs the embedded Loki in a thread of its own, so that it takes no time from the caller's thread. */
export async function startLokiThread (options: LokiThreadOptions = {}): Promise<LokiThread> {
  const worker = new Worker(entry, { workerData: options, name: 'embedded-loki' })
  const waiting = new Map<number, { resolve: (value: unknown) => void, reject: (error: unknown) => void }>()
  let id = 0
  let failure: Error | undefined
  const fail = (error: Error): void => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  const address = new Promise<{ url: string, port: number }>((resolve, reject) => {
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'listening') resolve(message)
      else if (message.kind === 'failed') reject(new LokeanError('LOKEAN_WORKER', message.error))
      else {
        const call = waiting.get(message.id)
        waiting.delete(message.id)
        if (message.error === undefined) call?.resolve(message.value)
        else call?.reject(new LokeanError('LOKEAN_WORKER', message.error))
      }
    })
    worker.once('error', (error) => {
      reject(error)
      fail(new LokeanError('LOKEAN_WORKER', 'The embedded Loki\'s thread failed', { cause: error }))
    })
    worker.once('exit', () => {
      const ended = new LokeanError('LOKEAN_CLOSED', 'The embedded Loki\'s thread has ended')
      reject(ended)
      fail(ended)
    })
  })
  const call = async <T>(request: ThreadRequest): Promise<T> => {
    if (failure !== undefined) throw failure
    return await new Promise<T>((resolve, reject) => {
      waiting.set(++id, { resolve: resolve as (value: unknown) => void, reject })
      worker.postMessage({ id, ...request })
    })
  }
  const { url, port } = await address
  let ending: Promise<unknown> | undefined
  return {
    url,
    port,
    stats: async () => await call<LokiStats>({ kind: 'stats' }),
    reconcile: async (reconcile) => await call<Reconciliation>({ kind: 'reconcile', options: reconcile }),
    lines: async (lines) => await call<StoredLine[]>({ kind: 'lines', options: lines }),
    close: async () => {
      if (ending === undefined && failure === undefined) {
        ending = once(worker, 'exit')
        worker.postMessage({ id: 0, kind: 'close' })
      }
      await ending
    }
  }
}
