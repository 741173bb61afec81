import type { Random } from './random.ts'
import { SLOT, TIMESTAMP_AT, type Frame, type Shape } from './shape.ts'

const ZERO = 0x30
const DOT = 0x2e
const DASH = 0x2d
const HEX = Buffer.from('0123456789abcdef')
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Requests that are under way at a time. Several records of different programs name the same request. */
const REQUESTS = 64
const USERS = 64
const PROJECTS = 32
const INSTANCES = 512

/**
 * Writes a record: copies the pieces that are rendered in advance, and writes the record's own digits into their slots.
 */
export class RecordFiller {
  readonly #random: Random
  readonly #requests: Buffer
  readonly #users: Buffer
  readonly #projects: Buffer
  readonly #instances: Buffer
  /**
   * The second of `#iso` and `#apache`: `2026-11-22T08:00:01`, and `22\/Nov\/2026:08:00:01`, escaped as in a record.
   */
  #second = -1
  #iso = Buffer.alloc(19)
  #apache = Buffer.alloc(22)
  /** The same second as httpd, Redis and Pacemaker write it; the first two have a fraction to come. */
  #httpd = Buffer.alloc(31)
  #redis = Buffer.alloc(24)
  #month = Buffer.alloc(15)

  constructor (random: Random) {
    this.#random = random
    this.#requests = this.#pool(REQUESTS, 36)
    this.#instances = this.#pool(INSTANCES, 36)
    this.#users = this.#pool(USERS, 32)
    this.#projects = this.#pool(PROJECTS, 32)
  }

  /** Writes one record at `position`, and returns where the next goes. `time` is in microseconds since the epoch. */
  write (out: Buffer, position: number, frame: Frame, shape: Shape, time: number, sequence: number): number {
    const { head, tail } = frame
    out.set(head, position)
    const second = Math.floor(time / 1e6)
    const micros = time - second * 1e6
    if (second !== this.#second) this.#turn(second)
    copy(out, position + TIMESTAMP_AT, this.#iso, 0, 19)
    out[position + TIMESTAMP_AT + 19] = DOT
    writeDigits(out, position + TIMESTAMP_AT + 20, micros, 6)
    const body = position + head.length
    out.set(shape.bytes, body)
    this.#fill(out, body, shape.slots, micros, sequence)
    const end = body + shape.bytes.length
    out.set(tail, end)
    return end + tail.length
  }

  #fill (out: Buffer, body: number, slots: Int32Array, micros: number, sequence: number): void {
    for (let i = 0; i < slots.length; i += 4) {
      const at = body + slots[i + 1]!
      const width = slots[i + 2]!
      switch (slots[i]!) {
        case SLOT.DIGITS: this.#number(out, at, width); break
        case SLOT.HEX: this.#hex(out, at, width); break
        case SLOT.UUID: this.#uuid(out, at); break
        case SLOT.REQUEST: this.#request(out, at); break
        case SLOT.GLOBAL_REQUEST: this.#pick(out, at, this.#requests, REQUESTS, 36); break
        case SLOT.USER: this.#pick(out, at, this.#users, USERS, 32); break
        case SLOT.PROJECT: this.#pick(out, at, this.#projects, PROJECTS, 32); break
        case SLOT.INSTANCE: this.#pick(out, at, this.#instances, INSTANCES, 36); break
        case SLOT.ISO:
          copy(out, at, this.#iso, 0, 19)
          out[at + 10] = slots[i + 3]!
          fraction(out, at + 19, width - 19, micros)
          break
        case SLOT.APACHE:
          copy(out, at, this.#apache, 0, 22)
          fraction(out, at + 22, width - 22, micros)
          break
        case SLOT.HTTPD:
          copy(out, at, this.#httpd, 0, 31)
          fraction(out, at + 19, 7, micros)
          break
        case SLOT.REDIS:
          copy(out, at, this.#redis, 0, 20)
          fraction(out, at + 20, 4, micros)
          break
        case SLOT.MONTH: copy(out, at, this.#month, 0, 15); break
        case SLOT.SEQUENCE: {
          // Each half is a small integer to V8.
          const high = Math.floor(sequence / 1e5)
          writeDigits(out, at, high, 5)
          writeDigits(out, at + 5, sequence - high * 1e5, 5)
        }
      }
    }
  }

  #turn (second: number): void {
    this.#second = second
    const date = new Date(second * 1000)
    const iso = date.toISOString()
    const [year, day, time] = [iso.slice(0, 4), iso.slice(8, 10), iso.slice(11, 19)]
    const month = MONTHS[date.getUTCMonth()]!
    this.#iso.write(iso, 0, 19, 'latin1')
    this.#apache.write(`${day}\\/${month}\\/${year}:${time}`, 'latin1')
    this.#httpd.write(`${DAYS[date.getUTCDay()]!} ${month} ${day} ${time}.000000 ${year}`, 'latin1')
    this.#redis.write(`${day} ${month} ${year} ${time}`, 'latin1')
    this.#month.write(`${month} ${day} ${time}`, 'latin1')
  }

  /** A number of exactly `width` digits. The first is not 0. */
  #number (out: Buffer, at: number, width: number): void {
    let bits = 0
    for (let i = 0; i < width; i++) {
      // One draw of 32 bits is enough for nine decimal digits.
      if (i % 9 === 0) bits = this.#random() % 1_000_000_000
      const digit = bits % 10
      bits = (bits - digit) / 10
      out[at + i] = ZERO + (i === 0 && digit === 0 ? 1 : digit)
    }
  }

  #hex (out: Buffer, at: number, width: number): void {
    let bits = 0
    for (let i = 0; i < width; i++) {
      if ((i & 7) === 0) bits = this.#random()
      out[at + i] = HEX[bits & 15]!
      bits >>>= 4
    }
  }

  #uuid (out: Buffer, at: number): void {
    this.#hex(out, at, 36)
    out[at + 8] = out[at + 13] = out[at + 18] = out[at + 23] = DASH
    out[at + 14] = 0x34 // version 4
    out[at + 19] = HEX[8 + (out[at + 19]! & 3)]! // the variant
  }

  /** One of the requests that are under way. Every fourth time, a new request takes its place. */
  #request (out: Buffer, at: number): void {
    const bits = this.#random()
    const entry = (bits & (REQUESTS - 1)) * 36
    if (bits >>> 30 === 0) this.#uuid(this.#requests, entry)
    copy(out, at, this.#requests, entry, 36)
  }

  #pick (out: Buffer, at: number, pool: Buffer, entries: number, width: number): void {
    copy(out, at, pool, (this.#random() & (entries - 1)) * width, width)
  }

  #pool (entries: number, width: number): Buffer {
    const pool = Buffer.alloc(entries * width)
    for (let i = 0; i < entries; i++) {
      if (width === 36) this.#uuid(pool, i * width)
      else this.#hex(pool, i * width, width)
    }
    return pool
  }
}

/** For a few tens of bytes, a loop is faster than a call into the runtime. */
function copy (out: Buffer, at: number, from: Buffer, start: number, length: number): void {
  for (let i = 0; i < length; i++) out[at + i] = from[start + i]!
}

function fraction (out: Buffer, at: number, width: number, micros: number): void {
  if (width === 0) return
  out[at] = DOT
  writeDigits(out, at + 1, width === 4 ? Math.floor(micros / 1000) : micros, width - 1)
}

function writeDigits (out: Buffer, at: number, value: number, width: number): void {
  let rest = value | 0
  for (let i = at + width - 1; i >= at; i--) {
    const next = (rest / 10) | 0
    out[i] = ZERO + rest - next * 10
    rest = next
  }
}
