import { Piscina } from 'piscina'
import { LokeanError } from '../../errors.ts'
import type { EncodeResult, EncoderSettings, EncodeTask, Bisected, BisectTask, QuarantineMessageTask, WorkerSetup } from '../messages.ts'
import { WorkerFailure, type WorkerFailureKind } from './failure.ts'
import { heapLimits } from './thread-limits.ts'

interface PoolOptions {
  workers: number
  /** How long a thread may take over one task before it is replaced, in ms. */
  timeoutMs: number
  settings: EncoderSettings
  /** A thread failed on a task. */
  onFailure?: (kind: WorkerFailureKind) => void
  /** A thread failed with no task to blame, such as at its start; the pool may not come back by itself. */
  onBroken?: (error: Error) => void
}

/**
 * Of the JavaScript heap of one thread: what it makes of ordinary records lies in its WebAssembly memory, and of a message of 60 MiB that
 * is one odd record, a string or two. Low enough for a thread that runs away to end before the 512 MiB of the manifests do.
 */
const HEAP_MIB = 256

/** The worker threads: started at once, and replaced when they die or hang. Each does one task at a time; tasks take turns in order. */
export class WorkerPool {
  readonly size: number
  readonly #piscina: Piscina
  readonly #timeoutMs: number
  readonly #onFailure: (kind: WorkerFailureKind) => void
  readonly #waiting: Array<() => void> = []
  /** Microseconds, added up by the threads. */
  readonly #busy = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT))
  #running = 0
  #closed = false

  constructor ({ workers, timeoutMs, settings, onFailure = () => {}, onBroken = () => {} }: PoolOptions) {
    this.size = workers
    this.#timeoutMs = timeoutMs
    this.#onFailure = onFailure
    // The specifier is not rewritten by the compiler, so the thread's file ends as this one does.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#piscina = new Piscina({
      filename: new URL(`../encode.worker.${extension}`, import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      resourceLimits: heapLimits(HEAP_MIB),
      workerData: { settings, busy: this.#busy } satisfies WorkerSetup
    })
    this.#piscina.on('error', (cause: Error) => onBroken(new LokeanError('LOKEAN_WORKER', `the worker threads cannot be kept running: ${cause.message}`, { cause })))
  }

  /** Rejects with WorkerFailure; the task is unharmed and may be given again, but for its memory after `hung` (see Buffers.replace). */
  async encode (task: EncodeTask): Promise<EncodeResult> {
    return await this.#run<EncodeResult>('encode', task)
  }

  async bisect (task: BisectTask): Promise<Bisected> {
    return await this.#run<Bisected>('bisect', task)
  }

  async quarantineMessage (task: QuarantineMessageTask): Promise<EncodeResult> {
    return await this.#run<EncodeResult>('quarantineMessage', task)
  }

  /** What all threads have spent on tasks so far; a task counts when it is over, done or failed, and not if its thread died of it. */
  get busySeconds (): number {
    return Number(Atomics.load(this.#busy, 0)) / 1e6
  }

  /** Ends the threads, whatever they are at. What waits, and what is given later, is refused with LOKEAN_CLOSED. */
  async close (): Promise<void> {
    this.#closed = true
    for (const start of this.#waiting.splice(0)) start()
    await this.#piscina.destroy()
  }

  async #run<T> (name: string, task: unknown): Promise<T> {
    // Not in piscina's queue: the time a task waits for its turn is not the thread's.
    if (this.#running === this.size) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
    else this.#running++
    // piscina would start a new thread for it.
    if (this.#ended()) throw new LokeanError('LOKEAN_CLOSED', `the worker threads have ended (${name})`)
    const watchdog = new AbortController()
    const timer = setTimeout(() => watchdog.abort(), this.#timeoutMs)
    try {
      return await this.#piscina.run(task, { name, signal: watchdog.signal }) as T
    } catch (cause) {
      const failure = this.#failure(name, cause as Error, watchdog.signal.aborted)
      if (!this.#ended()) this.#onFailure(failure.kind)
      throw failure
    } finally {
      clearTimeout(timer)
      this.#next()
    }
  }

  /** Asked anew each time: while a task runs, the pool may be closed. */
  #ended (): boolean {
    return this.#closed
  }

  /** The turn goes to who waits longest, or is free again. */
  #next (): void {
    const start = this.#waiting.shift()
    if (start === undefined) this.#running--
    else start()
  }

  #failure (name: string, cause: Error, hung: boolean): WorkerFailure {
    if (hung) return new WorkerFailure('hung', `a worker thread gave no answer for ${this.#timeoutMs / 1000} s (${name}, LOKEAN_WORKER_TIMEOUT) and was replaced`, cause)
    const { code = '' } = cause as { code?: string }
    const died = code.startsWith('ERR_WORKER_') || cause.message.startsWith('worker exited')
    return new WorkerFailure(died ? 'died' : 'threw', `a worker thread ${died ? 'died' : 'failed'} (${name}): ${cause.message}`, cause)
  }
}
