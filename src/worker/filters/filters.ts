import { LEVELS } from '../formats/levels.ts'
import type { Fields } from '../input/fields.ts'
import { MESSAGE, TIMESTAMP } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { DropRule, EncoderSettings } from '../messages/settings.ts'
import { type Match, overwritten, Redactor } from '../redaction/redactor.ts'

/** A field's place in the kernel's memory, and what is to be taken out of it. */
interface Value { slot: number, start: number, end: number, matches: readonly Match[] }

/** In the place of a level in the kernel's rules: any. */
const ANY_LEVEL = LEVELS.length

/**
 * The rules of LOKEAN_DROP and LOKEAN_REDACT, for the record whose fields are set. The kernel looks for literals. Only
 * a record that has one is looked at here.
 */
export class Filters {
  readonly #fields: Fields
  readonly #kernel: Kernel
  readonly #place: (bytes: Uint8Array) => number
  readonly #redactor: Redactor | undefined
  /** Whether records may be dropped. */
  readonly drops: boolean
  /** How many records each rule has dropped, or taken text out of, since begin(). */
  dropped: Uint32Array
  redacted: Uint32Array
  /** By rule: whether it has taken something out of the present record. */
  readonly #hasRedacted: boolean[]

  /** `place` puts bytes into the kernel's memory, and returns their address. */
  constructor (
    { drop, redact }: Pick<EncoderSettings, 'drop' | 'redact'>, fields: Fields, kernel: Kernel, place: (bytes: Uint8Array) => number
  ) {
    this.#fields = fields
    this.#kernel = kernel
    this.#place = place
    this.#redactor = redact.length === 0 ? undefined : new Redactor(redact)
    this.drops = drop.length > 0
    this.dropped = new Uint32Array(drop.length)
    this.redacted = new Uint32Array(redact.length)
    this.#hasRedacted = redact.map(() => false)
    for (const rule of drop) addDropRule(kernel, rule)
    for (const { text } of redact) {
      const { at, length } = kernel.text(text)
      kernel.run.addRedactLiteral(at, length, rarest(text))
    }
    if (drop.some(({ level }) => level !== undefined)) kernel.run.setWanted(true)
  }

  begin (): void {
    this.dropped = new Uint32Array(this.dropped.length)
    this.redacted = new Uint32Array(this.redacted.length)
    this.#hasRedacted.fill(false)
  }

  /** Whether a rule drops the record, whose fields are derived. Counts it then. */
  isDropped (): boolean {
    const rule = this.#kernel.run.dropRule()
    if (rule < 0) return false
    this.countDropped(rule)
    return true
  }

  countDropped (rule: number): void {
    this.dropped[rule]!++
  }

  /** The record is done with: each rule that has taken something out of it counts it once. */
  countRedacted (): void {
    for (const [rule, has] of this.#hasRedacted.entries()) {
      if (!has) continue
      this.redacted[rule]!++
      this.#hasRedacted[rule] = false
    }
  }

  /**
   * Redacts the values of the record. A value that was derived from what is taken out of another value is taken out as
   * a whole. Where a message has something that is taken out, so is all that was derived from a copy of it without its
   * colours and NULs: nothing tells where in the message that stood.
   */
  redactFields (): void {
    if (this.#redactor === undefined || this.#kernel.run.mayRedactFields() === 0) return
    const fields = this.#fields
    const found: Value[] = []
    for (let slot = 0; slot < fields.names.length; slot++) {
      const [start, end] = [fields.start(slot), fields.end(slot)]
      // A time with a secret in it is no time, and not stored.
      if (start === end || slot === TIMESTAMP) continue
      const rules = this.#kernel.run.redactRules(start, end)
      found.push({ slot, start, end, matches: rules === 0 ? [] : this.#redactor.find(this.#kernel.bytes.subarray(start, end), rules) })
    }
    const isMessageRedacted = found.some(({ slot, matches }) => slot === MESSAGE && matches.length > 0)
    for (const value of found) {
      const isOfCopy = isMessageRedacted && this.#kernel.run.isClean(value.start) !== 0
      if (isOfCopy || found.some(other => isOfMatch(value, other))) fields.set(value.slot, value.start, value.start)
      else if (value.matches.length > 0) this.#setMarked(value)
    }
  }

  /** A record that goes to quarantine as it came. */
  redactText (raw: Buffer): Buffer {
    const matches = this.#redactor?.findRaw(raw) ?? []
    if (matches.length === 0) return raw
    this.#note(matches)
    return this.#redactor!.marked(raw, matches)
  }

  /** Bytes that are no text. They stay as many, as lengths among them tell of others. */
  redactBytes (raw: Buffer): Buffer {
    const matches = this.#redactor?.findRaw(raw) ?? []
    if (matches.length === 0) return raw
    this.#note(matches)
    return overwritten(raw, matches)
  }

  #setMarked ({ slot, start, end, matches }: Value): void {
    this.#note(matches)
    const marked = this.#redactor!.marked(this.#kernel.bytes.subarray(start, end), matches)
    const at = this.#place(marked)
    this.#fields.set(slot, at, at + marked.length)
  }

  #note (matches: readonly Match[]): void {
    for (const { rule } of matches) this.#hasRedacted[rule] = true
  }
}

/** Whether the value was made of part of another one, and of something that is taken out of that. */
function isOfMatch ({ start, end }: Value, other: Value): boolean {
  const isWithin = other.start <= start && end <= other.end && end - start < other.end - other.start
  return isWithin && other.matches.some(match => other.start + match.start < end && start < other.start + match.end)
}

/** A condition that the rule does not have has no bytes. */
function addDropRule (kernel: Kernel, { level, source = '', host = '', text = '' }: DropRule): void {
  const texts = [source, host, text].flatMap(value => {
    const { at, length } = kernel.text(value)
    return [at, length] as const
  }) as [number, number, number, number, number, number]
  kernel.run.addDropRule(level === undefined ? ANY_LEVEL : LEVELS.indexOf(level), ...texts, rarest(text))
}

/** The bytes of log lines, the most frequent first. */
const FREQUENT = Buffer.from(' e0t1a2oni3r5s46l8c7d9-mpu.hg_bf:v/"yk,=wx')

/** Where two bytes of a literal begin that are rarer in lines than any other two. */
function rarest (literal: string): number {
  const rarity = [...Buffer.from(literal)].map(byte => FREQUENT.includes(byte) ? FREQUENT.indexOf(byte) : FREQUENT.length)
  const pairs = rarity.slice(1).map((second, i) => rarity[i]! + second)
  return Math.max(0, pairs.indexOf(Math.max(...pairs)))
}
