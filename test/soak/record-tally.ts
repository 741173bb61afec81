import { labelText } from '../../src/embedded/loki/store/label-set.ts'
import type { StoredStream } from '../../src/embedded/loki/store/stored-stream.ts'

/** The fate of the records numbered 0 to `sent` - 1. */
export interface Tallied {
  /** The number of different records found, in quarantine or not. */
  stored: number
  missing: number
  /** Entries beside another entry of the same number from which they differ in stream, time or line. */
  doubled: number
  /** Entries equal to a stored one in stream, time and line, in whatever shard: Loki did not find that one. */
  storedTwice: number
  quarantined: number
  /** Entries with no number below `sent`. */
  other: number
}

const MARK = Buffer.from(' seq=')
const ZERO = 0x30
const GOLDEN = 0x9e3779b1

/** The numbers in a block, and how far behind the newest a complete block is freed: 16.8 million records, 64 MB. */
const BLOCK = 65_536
const KEPT = 256

/**
 * A tally of stored entries, with a number and a hash of each. A complete block of numbers is freed when it is so far
 * behind the newest that no resend can be under way. A record of a freed block that comes all the same counts as
 * doubled.
 */
export class RecordTally {
  readonly #kept: number
  /** By number, a hash of stream, time and line; 0 where the number has not come. A freed block is undefined. */
  readonly #blocks = new Map<number, { prints: Int32Array, found: number } | undefined>()
  readonly #streams = new Map<StoredStream, number>()
  readonly #wholeStreams = new Map<string, number>()
  #newest = 0
  /** Every block below it has been freed. */
  #oldest = 0
  #doubled = 0
  #storedTwice = 0
  #quarantined = 0
  #other = 0

  constructor (kept = KEPT) {
    this.#kept = kept
  }

  /**
   * A callback for the store's `onStored`. A line ends in its number, or it is a record's JSON, which holds the number.
   */
  readonly add = (stream: StoredStream, hash: number, buf: Buffer, lineStart: number, lineEnd: number): void => {
    if (stream.quarantine) this.#quarantined++
    this.count(numberOf(buf.subarray(lineStart, lineEnd)), Math.imul(hash ^ this.#printOf(stream), GOLDEN))
  }

  /** `print` distinguishes entries of one number. A number below 0 stands for none. */
  count (number: number, print: number): void {
    if (number < 0) {
      this.#other++
      return
    }
    const index = Math.floor(number / BLOCK)
    if (!this.#blocks.has(index)) this.#begin(index)
    const block = this.#blocks.get(index)
    if (block === undefined) {
      this.#doubled++
      return
    }
    const at = number % BLOCK
    const seen = block.prints[at]
    const given = print === 0 ? 1 : print
    if (seen === 0) {
      block.prints[at] = given
      block.found++
    } else if (seen === given) this.#storedTwice++
    else this.#doubled++
  }

  result (sent: number): Tallied {
    let stored = 0
    let beyond = 0
    for (const [index, block] of this.#blocks) {
      if (block === undefined || (index + 1) * BLOCK <= sent) {
        stored += block?.found ?? BLOCK
        continue
      }
      for (let at = 0; at < BLOCK; at++) {
        if (block.prints[at] === 0) continue
        if (index * BLOCK + at < sent) stored++
        else beyond++
      }
    }
    return {
      stored,
      missing: sent - stored,
      doubled: this.#doubled,
      storedTwice: this.#storedTwice,
      quarantined: this.#quarantined,
      other: this.#other + beyond
    }
  }

  /** The same for all shards of a stream. */
  #printOf (stream: StoredStream): number {
    let print = this.#streams.get(stream)
    if (print === undefined) {
      const whole = labelText(stream.labels.filter(({ name }) => name !== '__stream_shard__'))
      print = this.#wholeStreams.get(whole) ?? this.#wholeStreams.size
      this.#wholeStreams.set(whole, print)
      this.#streams.set(stream, print)
    }
    return print
  }

  #begin (index: number): void {
    this.#blocks.set(index, { prints: new Int32Array(BLOCK), found: 0 })
    this.#newest = Math.max(this.#newest, index)
    for (let old = this.#oldest; old <= this.#newest - this.#kept; old++) {
      const whole = this.#blocks.get(old)?.found === BLOCK
      if (whole) this.#blocks.set(old, undefined)
      if (old === this.#oldest && this.#blocks.has(old) && this.#blocks.get(old) === undefined) this.#oldest++
    }
  }
}

function numberOf (line: Buffer): number {
  const mark = line.lastIndexOf(MARK)
  if (mark < 0) return -1
  let number = -1
  for (let at = mark + MARK.length; at < line.length && line[at] >= ZERO && line[at] <= ZERO + 9; at++) {
    number = Math.max(number, 0) * 10 + line[at] - ZERO
  }
  return number
}
