import type { Child } from '../child.ts'
import type { LoadCounts, LoadMethods } from './load.process.ts'
import type { PaceOptions } from './pace.ts'
import type { Times } from './times.ts'

/** The load, as whoever measures sees it. */
export class LoadControl {
  /** After so many records it begins anew, with other times and numbers: every stream has come by then. */
  poolRecords = 0
  readonly #child: Child<LoadMethods>

  constructor (child: Child<LoadMethods>) {
    this.#child = child
  }

  /** Once a rig. */
  async start (pace: PaceOptions = {}): Promise<void> { await this.#child.call('start', pace) }

  async counts (): Promise<LoadCounts> { return await this.#child.call('counts') }

  /** From sending to settlement, of the messages settled since the last call; the first call begins the recording. */
  async times (): Promise<Times> { return await this.#child.call('times') }

  /** Sends no more; resolves when all that was sent is settled. */
  async stop (): Promise<LoadCounts> { return await this.#child.call('stop') }
}
