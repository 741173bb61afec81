import { Piscina } from 'piscina'
import { LokeanError } from '../errors.ts'
import type { EncodeResult, EncoderSettings, EncodeTask, Isolated, IsolateTask } from '../types.ts'

/** The worker threads. All of them are started at once and stay; whoever calls sees to it that no more than `size` batches are under way. */
export class WorkerPool {
  readonly size: number
  readonly #piscina: Piscina
  #closed = false

  /** `onFailure`: a thread failed with no task to blame, such as at its start; the pool may not come back by itself. */
  constructor (workers: number, settings: EncoderSettings, onFailure: (error: Error) => void = () => {}) {
    this.size = workers
    // The specifier is not rewritten by the compiler, so the thread's file ends as this one does.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#piscina = new Piscina({
      filename: new URL(`./encode.worker.${extension}`, import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      // Batches never queue here; what Loki refused may, one part a shard and tenant.
      maxQueue: 65536,
      workerData: settings
    })
    this.#piscina.on('error', (cause: Error) => onFailure(new LokeanError('LOKEAN_WORKER', `the worker threads cannot be kept running: ${cause.message}`, { cause })))
  }

  /** Rejects with LOKEAN_WORKER where the thread failed; the task is unharmed and may be given again. */
  async encode (task: EncodeTask): Promise<EncodeResult> {
    return await this.#run<EncodeResult>('encode', task)
  }

  async isolate (task: IsolateTask): Promise<Isolated> {
    return await this.#run<Isolated>('isolate', task)
  }

  /** Share of the threads' time spent at work since they started, 0 to 1. */
  get utilization (): number {
    return this.#piscina.utilization
  }

  /** Ends the threads, whatever they are at. Tasks given later are refused with LOKEAN_CLOSED. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#piscina.destroy()
  }

  async #run<T> (name: string, task: unknown): Promise<T> {
    // piscina would start a new thread for it.
    if (this.#closed) throw new LokeanError('LOKEAN_CLOSED', `the worker threads have ended (${name})`)
    try {
      return await this.#piscina.run(task, { name }) as T
    } catch (cause) {
      throw new LokeanError('LOKEAN_WORKER', `a worker thread failed (${name}): ${(cause as Error).message}`, { cause, retryable: true })
    }
  }
}
