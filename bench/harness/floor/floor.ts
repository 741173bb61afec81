import { beside, Child } from '../child.ts'
import type { FloorMethods } from './floor.process.ts'
import type { PoolOptions } from '../load/message-pool.ts'

/** The plain way of doing a part of what the program does, in a process of its own, on the records that a load of these options sends. */
export class Floor {
  readonly #child = new Child<FloorMethods>('floor', beside('floor.process', import.meta.url))
  /** Mean size of a record's JSON. */
  recordBytes = 0

  /** Resolves when it is warm; `ms` is what that takes. */
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

  /** CPU microseconds a record, with whole messages compressed or the values of `message` alone, measured for `ms`. */
  async measure (ms: number, compressed: 'messages' | 'lines' = 'messages'): Promise<number> {
    return await this.#child.call('measure', ms, compressed)
  }

  async close (): Promise<void> {
    await this.#child.close()
  }
}
