import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

const require = createRequire(import.meta.url)

/** A pattern of RE2: it is matched in linear time, whatever a sender writes. */
export class Pattern {
  readonly #re2: RE2JS
  readonly #group: number

  /** Throws an Error whose message says what RE2 does not take. */
  constructor (source: string) {
    // It takes 30 ms to load, so nothing loads it before a rule needs it.
    const { RE2JS } = require('re2js') as { RE2JS: { compile: (source: string) => RE2JS } }
    this.#re2 = RE2JS.compile(source)
    this.#group = Math.min(1, this.#re2.groupCount())
  }

  get matchesNothing (): boolean {
    return this.#re2.matcher('').find()
  }

  /**
   * Calls `found` for each match: with what the first group has matched, or with the whole match where the pattern has
   * no group, or that one no part in the match.
   */
  each (text: Uint8Array, found: (start: number, end: number) => void): void {
    const matcher = this.#re2.matcher(text)
    while (matcher.find()) {
      const group = matcher.start(this.#group) < 0 ? 0 : this.#group
      if (matcher.end(group) > matcher.start(group)) found(matcher.start(group), matcher.end(group))
    }
  }
}
