import type { Child } from '../child.ts'
import type { Section, SinkCounts, SinkMethods } from './sink.process.ts'

/** Controls the bench's own sink from the measuring process. */
export class SinkControl {
  readonly #child: Child<SinkMethods>

  constructor (child: Child<SinkMethods>) {
    this.#child = child
  }

  /** Sets the delay of every answer from now on. */
  async delay (ms: number): Promise<void> { await this.#child.call('delay', ms) }

  /** Answers no push from now on. */
  async stall (): Promise<void> { await this.#child.call('stall') }

  async resume (): Promise<void> { await this.#child.call('resume') }

  async counts (): Promise<SinkCounts> { return await this.#child.call('counts') }

  /** Ends a section of the run and starts the next. Returns the number of the new one. */
  async mark (): Promise<number> { return await this.#child.call('mark') }

  /** Decodes the pushes so far, so that the sink need not hold them. This takes CPU. */
  async digest (): Promise<void> { await this.#child.call('digest') }

  async section (number: number): Promise<Section> { return await this.#child.call('section', number) }
}
