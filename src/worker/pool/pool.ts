import { Piscina } from 'piscina'
import { LokeanError } from '../../errors.ts'
import type {
  Backlog, BacklogTask, Bisected, BisectTask, EncodeResult, EncodeTask, LookedUp, LookUpTask, Part, QuarantineMessageTask, Shape,
  ShapesTask, SubtractTask
} from '../messages/tasks.ts'
import type { EncoderSettings, WorkerSetup } from '../messages/settings.ts'
import { WorkerFailure, type WorkerFailureKind } from './failure.ts'
import { heapLimits } from './thread-limits.ts'

interface PoolOptions {
  workers: number
  /** A thread that takes longer for one task is replaced. */
  timeoutMs: number
  settings: EncoderSettings
  /** A thread failed on a task. */
  onFailure?: (kind: WorkerFailureKind) => void
  /** A thread failed without a task, as at its start. The pool may not recover by itself. */
  onBroken?: (error: Error) => void
}

/**
 * The limit of one thread's JavaScript heap. A thread needs little heap: it has ordinary records in its WebAssembly
 * memory, and a message of 60 MiB that is one odd record as one or two strings. With this limit, a thread that runs
 * away ends before the process exceeds the 512 MiB of the manifests.
 */
const HEAP_MIB = 256

/**
 * The worker threads. They start at once, and are replaced when they die or hang. A thread runs one task at a time, in
 * order.
 */
export class WorkerPool {
  readonly size: number
  readonly #piscina: Piscina
  readonly #timeoutMs: number
  readonly #onFailure: (kind: WorkerFailureKind) => void
  readonly #waiting: Array<() => void> = []
  /** Microseconds that all threads have spent on tasks. */
  readonly #busy = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT))
  #running = 0
  #closed = false

  constructor ({ workers, timeoutMs, settings, onFailure = () => {}, onBroken = () => {} }: PoolOptions) {
    this.size = workers
    this.#timeoutMs = timeoutMs
    this.#onFailure = onFailure
    // The compiler does not rewrite this name, so it gets the extension of this file.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#piscina = new Piscina({
      filename: new URL(`../encode.worker.${extension}`, import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      resourceLimits: heapLimits(HEAP_MIB),
      workerData: { settings, busy: this.#busy } satisfies WorkerSetup
    })
    this.#piscina.on(
      'error',
      (cause: Error) => onBroken(new LokeanError('LOKEAN_WORKER', `the worker threads cannot be kept running: ${cause.message}`, { cause }))
    )
  }

  /**
   * Rejects with WorkerFailure where the thread fails. The task may then be tried again. After `hung`, it needs other
   * memory: see Buffers.replace.
   */
  async encode (task: EncodeTask): Promise<EncodeResult> {
    return await this.#run<EncodeResult>('encode', task)
  }

  async bisect (task: BisectTask): Promise<Bisected> {
    return await this.#run<Bisected>('bisect', task)
  }

  async backlog (task: BacklogTask): Promise<Backlog | undefined> {
    return await this.#run<Backlog | undefined>('backlog', task)
  }

  async shapes (task: ShapesTask): Promise<Shape[]> {
    return await this.#run<Shape[]>('shapes', task)
  }

  async lookUp (task: LookUpTask): Promise<LookedUp | undefined> {
    return await this.#run<LookedUp | undefined>('lookUp', task)
  }

  async subtract (task: SubtractTask): Promise<Array<Part | undefined>> {
    return await this.#run<Array<Part | undefined>>('subtract', task)
  }

  async quarantineMessage (task: QuarantineMessageTask): Promise<EncodeResult> {
    return await this.#run<EncodeResult>('quarantineMessage', task)
  }

  /**
   * Ends a period of each idle thread's load (LoadFall). A thread whose load has fallen gives memory back. Each idle
   * thread gets one of these tasks; a thread at work has no end of its period.
   */
  endPeriod (): void {
    for (let idle = this.size - this.#running; idle > 0; idle--) this.#run('endPeriod', undefined).catch(() => {}) // onFailure tells it
  }

  /** The time that all threads have spent on tasks. A task counts when it ends; not where its thread died. */
  get busySeconds (): number {
    return Number(Atomics.load(this.#busy, 0)) / 1e6
  }

  /** Ends the threads at once. Tasks that wait, and later tasks, reject with LOKEAN_CLOSED. */
  async close (): Promise<void> {
    this.#closed = true
    for (const start of this.#waiting.splice(0)) start()
    await this.#piscina.destroy()
  }

  async #run<T> (name: string, task: unknown): Promise<T> {
    // A task waits here and not in piscina's queue, because the timeout must not include its wait.
    if (this.#running === this.size) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
    else this.#running++
    // piscina would start a new thread for the task.
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

  /** Starts the task that has waited longest, or frees the thread. */
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
