import type { Child } from '../child.ts'
import type { LoadCounts, LoadMethods } from './load.process.ts'
import type { PaceOptions } from './pace.ts'
import type { Times } from './times.ts'

/** Controls the load from the measuring process. */
export class LoadControl {
  /** After so many records the pool starts again with other times and numbers. Every stream has come by then. */
  poolRecords = 0
  readonly #child: Child<LoadMethods>

  constructor (child: Child<LoadMethods>) {
    this.#child = child
  }

  /** Can be called again after `stop`. */
  async start (pace: PaceOptions = {}): Promise<void> { await this.#child.call('start', pace) }

  async counts (): Promise<LoadCounts> { return await this.#child.call('counts') }

  /**
   * Times from sending to settlement of all messages settled since the last call. The first call starts the recording.
   */
  async times (): Promise<Times> { return await this.#child.call('times') }

  /** The same from when a message was due, which may be before its sender could send it. Zero where nobody knows. */
  async lags (): Promise<Times> { return await this.#child.call('lags') }

  /** Sends nothing more. Resolves when everything that was sent is settled. */
  async stop (): Promise<LoadCounts> { return await this.#child.call('stop') }
}
