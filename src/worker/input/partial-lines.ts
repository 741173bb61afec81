import { isUtf8 } from 'node:buffer'
import type { Kernel } from '../kernel/kernel.ts'
import { type Fields, MESSAGE, TIMESTAMP } from './fields.ts'

const T = 0x54
const FULL = 0x46
const BLANK = 0x20
const NEWLINE = 0x0a
/** Where a container's runtime has the T of its time. */
const T_AT = 10

/** Where a record lies in the batch. */
export interface Span { start: number, end: number }

/** A line of which a piece is missing, as far as it has come. */
interface PartialLine {
  /** The first piece as it is, then the others without what stands in front of their text. */
  pieces: Buffer[]
  bytes: number
  /** The place of the flag in the first piece. */
  flag: number
  records: Span[]
  /** The first record's fields but the message: each slot's place in `values`, or undefined where it is absent. */
  slots: Array<Span | undefined>
  values: Buffer
  mayHoldNuls: boolean
}

export interface PartialLinesOptions {
  fields: Fields
  kernel: Kernel
  maxLineBytes: number
  /** Puts bytes into the kernel's memory, and returns their address. */
  place: (bytes: Uint8Array) => number
  /** Writes the record whose fields are set. It was made of these. */
  write: (records: readonly Span[]) => void
  /** Bytes that are not UTF-8 were replaced in the record that is written next. */
  mendUtf8: () => void
}

/**
 * Joins what a container's runtime has cut: it writes a line of more than 16 KiB as several, all but the last with the
 * flag P. Only pieces of one message that are equal in all but time and text are joined, up to the longest line, so
 * that a resend gives the same.
 */
export class PartialLines {
  readonly #options: PartialLinesOptions
  readonly #lines = new Map<string, PartialLine>()

  constructor (options: PartialLinesOptions) {
    this.#options = options
  }

  /** Takes the record at `[start, end)` of the batch, whose fields are set. Returns false where it is no piece. */
  take (start: number, end: number): boolean {
    const { fields, kernel, maxLineBytes } = this.#options
    let from = fields.start(MESSAGE)
    if (kernel.bytes[from] === BLANK && fields.isEmpty(fields.file)) from++
    if (kernel.bytes[from + T_AT] !== T || fields.isAbsent(TIMESTAMP)) return false
    let to = fields.end(MESSAGE)
    if (to > from && kernel.bytes[to - 1] === NEWLINE) to--
    const flag = kernel.run.streamFlag(from, to)
    if (flag === 0) return false
    const isLast = kernel.bytes[flag] === FULL
    if (isLast && this.#lines.size === 0) return false
    const { key, slots, values } = this.#fieldsOf(kernel.bytes[flag - 4]!)
    if (!isUtf8(values)) return false
    const text = kernel.bytes[flag + 1] === BLANK && flag + 1 < to ? flag + 2 : flag + 1
    const line = this.#lines.get(key)
    if (isLast && line === undefined) return false
    const isFirst = line === undefined || line.bytes + to - text > maxLineBytes
    const piece = Buffer.from(kernel.bytes.subarray(isFirst ? from : text, to))
    const one = isFirst ? { pieces: [], bytes: 0, flag: flag - from, records: [], slots, values, mayHoldNuls: false } : line
    one.pieces.push(piece)
    one.bytes += piece.length
    one.records.push({ start, end })
    one.mayHoldNuls ||= fields.mayHoldNuls
    if (isFirst && line !== undefined) this.#write(line, false)
    if (isLast) this.#write(one, true)
    if (isLast) this.#lines.delete(key)
    else this.#lines.set(key, one)
    return true
  }

  /** Forgets a batch that failed half-way. */
  clear (): void {
    this.#lines.clear()
  }

  /** The message ends: what has come of its lines is written. */
  flush (): void {
    if (this.#lines.size === 0) return
    for (const line of this.#lines.values()) this.#write(line, false)
    this.#lines.clear()
  }

  /** A copy of the values. `stream` and all of them but time and text make the key. */
  #fieldsOf (stream: number): Pick<PartialLine, 'slots' | 'values'> & { key: string } {
    const { fields, kernel } = this.#options
    const values: Buffer[] = []
    let length = 0
    const slots = fields.names.map((_, slot): Span | undefined => {
      if (slot === MESSAGE || fields.isAbsent(slot)) return undefined
      const value = kernel.bytes.subarray(fields.start(slot), fields.end(slot))
      values.push(value)
      length += value.length
      return { start: length - value.length, end: length }
    })
    const all = Buffer.concat(values)
    const [time, ...others] = slots
    const key = [stream, ...others.map(span => span && span.end - span.start), all.toString('latin1', time?.end)].join()
    return { key, slots, values: all }
  }

  #write ({ pieces, flag, records, slots, values, mayHoldNuls }: PartialLine, isWhole: boolean): void {
    const { fields, place, write, mendUtf8 } = this.#options
    const joined = Buffer.concat(pieces)
    if (isWhole) joined[flag] = FULL
    // A character may have been cut in two, so only the whole is looked at.
    const isText = isUtf8(joined)
    const line = isText ? joined : Buffer.from(joined.toString())
    if (!isText) mendUtf8()
    fields.clear()
    const at = place(values)
    for (const [slot, span] of slots.entries()) if (span !== undefined) fields.set(slot, at + span.start, at + span.end)
    const message = place(line)
    fields.set(MESSAGE, message, message + line.length)
    fields.mayHoldNuls = mayHoldNuls
    write(records)
  }
}
