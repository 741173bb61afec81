import type { Buffers } from '../batch/buffers.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { LoadFall } from '../load-fall.ts'

interface Options {
  pool: { endPeriod: () => void }
  buffers: Pick<Buffers, 'freeUnused'>
  collect?: () => void
}

const PERIOD_MS = 5_000

/**
 * Returns memory to the machine when the load has fallen. Each thread does it for itself, by the load of its own: the
 * worker that gets all batches of a small load is not the one that had a giant message before. Other threads hold the
 * main thread's buffers too, until they have collected their garbage.
 */
export class MemoryReturn {
  readonly #options: Options
  readonly #load = new LoadFall()
  #timer: NodeJS.Timeout | undefined

  constructor (options: Options) {
    this.#options = options
  }

  /** A batch of so many bytes goes to a worker. */
  encoding (bytes: number): void {
    this.#load.add(bytes)
  }

  start (): void {
    this.#timer = setInterval(() => this.#endPeriod(), PERIOD_MS).unref()
  }

  stop (): void {
    clearInterval(this.#timer)
  }

  #endPeriod (): void {
    const { pool, buffers, collect = collectGarbage } = this.#options
    pool.endPeriod()
    if (!this.#load.endPeriod()) return
    buffers.freeUnused()
    collect()
  }
}
