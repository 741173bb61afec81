import { beside, Child } from '../child.ts'
import type { FloorMethods } from './floor.process.ts'
import type { PoolOptions } from '../load/message-pool.ts'

/**
 * Does a part of the program's work the plain way, in a process of its own, on the records that a load with these
 * options sends.
 */
export class Floor {
  readonly #child = new Child<FloorMethods>('floor', beside('floor.process', import.meta.url))
  /** Mean size of a record's JSON. */
  recordBytes = 0

  /** Resolves when the process is warm, after `ms`. */
  static async start (options: PoolOptions, ms: number): Promise<Floor> {
    const floor = new Floor()
    try {
      floor.recordBytes = (await floor.#child.call('prepare', options)).recordBytes
      await floor.measure(ms)
      return floor
    } catch (error) {
      await floor.close()
      throw error
    }
  }

  /**
   * Measures for `ms`. Returns CPU microseconds a record, compressing whole messages or only the values of `message`.
   */
  async measure (ms: number, compressed: 'messages' | 'lines' = 'messages'): Promise<number> {
    return await this.#child.call('measure', ms, compressed)
  }

  async close (): Promise<void> {
    await this.#child.close()
  }
}
