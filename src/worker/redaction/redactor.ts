import type { RedactRule } from '../messages/settings.ts'
import { Pattern } from './pattern.ts'
import { viewOf } from './view.ts'

/** `[start, end)` of a text, which a rule wants out. */
export interface Match { start: number, end: number, rule: number }

interface Rule { literal: Buffer, pattern: Pattern, marker: Buffer }

/** A match lies within so many bytes of its literal. */
const NEAR_BYTES = 32 * 1024
/**
 * A rule's pattern reads so many bytes of one text at most, and each reading counts for so many more. What lies near a
 * literal behind these is taken for a match unread: a sender may have made it for that.
 */
const MOST_READ_BYTES = 512 * 1024
const READING_BYTES = 256
/** A raw text is looked at in stretches of so many bytes. */
const STRETCH_BYTES = 1024 * 1024

/** The text that stands where a rule has matched. */
export function markerOf ({ name }: Pick<RedactRule, 'name'>): string {
  return `[redacted:${name}]`
}

/** Finds what the rules want out of a text. The same text always gives the same matches. */
export class Redactor {
  readonly #rules: readonly Rule[]

  /** Throws an Error for a pattern that RE2 does not take. */
  constructor (rules: readonly RedactRule[]) {
    this.#rules = rules.map(rule => ({
      literal: Buffer.from(rule.text), pattern: new Pattern(rule.pattern), marker: Buffer.from(markerOf(rule))
    }))
  }

  /** The matches in a value, in order, none over another: those of the rules that have a bit in `rules`. */
  find (value: Buffer, rules = -1): Match[] {
    const whole = [{ start: 0, end: value.length }]
    const matches = this.#rules.flatMap((_, rule) => (rules & 1 << rule) === 0 ? [] : this.#matches(rule, value, whole, allowance()))
    return ordered(matches)
  }

  /**
   * The matches in a record that nobody could read, or in part of it: in the bytes as they are, with the escapes of
   * JSON undone, and in each string by itself, so that no match in front of a string hides one in it.
   */
  findRaw (raw: Buffer): Match[] {
    const matches: Match[] = []
    const left = this.#rules.map(allowance)
    for (let start = 0; start < raw.length; start += STRETCH_BYTES - NEAR_BYTES) {
      const stretch = raw.subarray(start, start + STRETCH_BYTES)
      matches.push(...this.#findInStretch(stretch, left).map(match => ({ ...match, start: start + match.start, end: start + match.end })))
      if (start + STRETCH_BYTES >= raw.length) break
    }
    return ordered(matches)
  }

  /** The text with a marker in the place of each match. */
  marked (text: Buffer, matches: readonly Match[]): Buffer {
    const pieces: Buffer[] = []
    let at = 0
    for (const { start, end, rule } of matches) {
      pieces.push(text.subarray(at, start), this.#rules[rule]!.marker)
      at = end
    }
    return Buffer.concat([...pieces, text.subarray(at)])
  }

  #findInStretch (raw: Buffer, left: readonly Allowance[]): Match[] {
    const { text, origin, quotes } = viewOf(raw)
    return this.#rules.flatMap(({ literal }, rule) => {
      const strings = stringsWith(text, quotes, literal)
      const inView = strings.length === 0 ? [] : this.#matches(rule, text, [...strings, { start: 0, end: text.length }], left[rule]!)
      const asItIs = text.length === raw.length ? [] : this.#matches(rule, raw, [{ start: 0, end: raw.length }], left[rule]!)
      return [...asItIs, ...inView.map(({ start, end }) => ({ start: origin[start]!, end: origin[end]!, rule }))]
    })
  }

  /** The matches of a rule, each within one of the parts. */
  #matches (rule: number, text: Buffer, parts: ReadonlyArray<{ start: number, end: number }>, left: Allowance): Match[] {
    const { literal, pattern } = this.#rules[rule]!
    const matches: Match[] = []
    for (const part of parts) {
      for (const near of nearLiteral(text.subarray(part.start, part.end), literal)) {
        const start = part.start + near.start
        const end = part.start + near.end
        const readEnd = Math.min(end, start + Math.max(0, left.bytes))
        left.bytes -= readEnd - start + READING_BYTES
        if (readEnd > start) {
          pattern.each(text.subarray(start, readEnd), (from, to) => { matches.push({ start: start + from, end: start + to, rule }) })
        }
        if (readEnd < end) matches.push({ start: readEnd, end, rule })
      }
    }
    return matches
  }
}

/** Bytes with each match overwritten by as many asterisks. */
export function overwritten (bytes: Uint8Array, matches: readonly Match[]): Buffer {
  const copy = Buffer.from(bytes)
  for (const { start, end } of matches) copy.fill('*', start, end)
  return copy
}

/** What a pattern may still read. */
interface Allowance { bytes: number }

function allowance (): Allowance {
  return { bytes: MOST_READ_BYTES }
}

/** The parts of a text that are near its literals. */
function nearLiteral (text: Buffer, literal: Buffer): Array<{ start: number, end: number }> {
  const parts: Array<{ start: number, end: number }> = []
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length)) {
    const start = Math.max(0, at - NEAR_BYTES)
    const end = Math.min(text.length, at + NEAR_BYTES)
    const last = parts.at(-1)
    if (last !== undefined && start <= last.end) last.end = end
    else parts.push({ start, end })
  }
  return parts
}

/** What lies between two quotes and has the literal, or what is in front of the first and behind the last of them. */
function stringsWith (text: Buffer, quotes: readonly number[], literal: Buffer): Array<{ start: number, end: number }> {
  const strings: Array<{ start: number, end: number }> = []
  let quote = 0
  for (let at = text.indexOf(literal); at >= 0;) {
    while (quote < quotes.length && quotes[quote]! < at) quote++
    const end = quotes[quote] ?? text.length
    strings.push({ start: quote === 0 ? 0 : quotes[quote - 1]! + 1, end })
    at = text.indexOf(literal, Math.max(end, at + 1))
  }
  return strings
}

/** Matches that touch become one, of the first rule among them. */
function ordered (matches: Match[]): Match[] {
  const sorted = matches.sort((a, b) => a.start - b.start || a.rule - b.rule)
  const apart: Match[] = []
  for (const match of sorted) {
    const last = apart.at(-1)
    if (last !== undefined && match.start < last.end) last.end = Math.max(last.end, match.end)
    else apart.push({ ...match })
  }
  return apart
}
