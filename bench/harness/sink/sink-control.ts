import type { Child } from '../child.ts'
import type { Section, SinkCounts, SinkMethods } from './sink.process.ts'

/** The bench's own sink, as whoever measures sees it. */
export class SinkControl {
  readonly #child: Child<SinkMethods>

  constructor (child: Child<SinkMethods>) {
    this.#child = child
  }

  /** How late each push is answered from now on. */
  async delay (ms: number): Promise<void> { await this.#child.call('delay', ms) }

  /** Answers nothing from now on. */
  async stall (): Promise<void> { await this.#child.call('stall') }

  async resume (): Promise<void> { await this.#child.call('resume') }

  async counts (): Promise<SinkCounts> { return await this.#child.call('counts') }

  /** Ends a section of the run and begins the next, whose number it answers. */
  async mark (): Promise<number> { return await this.#child.call('mark') }

  /** Decodes what has come so far, so that it need not be held: takes CPU. */
  async digest (): Promise<void> { await this.#child.call('digest') }

  async section (number: number): Promise<Section> { return await this.#child.call('section', number) }
}
