import { CUT_BYTES, cutRecord, MOST_TIMES_TOO_LONG } from '../delivery/cut.ts'
import { frameCount, LINE, UNDECIDED } from './frame-count.ts'
import { inflated } from './inflate.ts'

/** What is wrong with a frame: it is too long, its connection ended within it, or it cannot be inflated. */
export type FrameFault = 'cut' | 'short' | 'inflate'

export interface FrameEvents {
  /** Whether there is room for a record of so many bytes. */
  fits (bytes: number): boolean
  /** A record in `bytes[start, end)`, which is valid until this returns. */
  record (bytes: Buffer, start: number, end: number): void
  fault (fault: FrameFault): void
}

const LF = 0x0a
const CR = 0x0d
const NUL = 0
const BLANK = 0x20
const LESS = 0x3c
/** rsyslog's mark of a compressed message. */
const COMPRESSED = 0x7a

const INCOMPLETE = -1

/**
 * Finds the records in the bytes of a connection (RFC 6587, RFC 5425). A frame counts its octets, or ends with LF: that
 * is told frame by frame, as rsyslog mixes them. How the bytes are cut into reads makes no difference.
 *
 *     between frames --a count, a blank, a message's beginning--> counted --so many octets--> between frames
 *       `--anything else--> line --LF; or NUL, and behind it `<`, LF, NUL or nothing yet--> between frames
 *     counted, line --longer than a record may be: its beginning is a record--> dropping --the frame's end--> between
 */
export class SyslogFrames {
  readonly #mostBytes: number
  readonly #events: FrameEvents
  /** What is to be dropped of a frame that is too long: so many octets, or up to the end of the line. */
  #dropping: number | 'line' = 0
  /** The line that was not whole has no end in so many bytes. */
  #searched = 0
  /** In the bytes that are being read: a NUL, and none between it and what is read already. */
  #nul = -1
  /** What the first frame that was not taken lacks. */
  lacks: 'bytes' | 'room' = 'bytes'

  constructor (mostBytes: number, events: FrameEvents) {
    this.#mostBytes = mostBytes
    this.#events = events
  }

  /**
   * Takes the frames in the bytes. Returns where the first one begins that is not taken: it must come again, with what
   * follows. `ended`: nothing follows.
   */
  take (all: Buffer, ended: boolean): number {
    this.#nul = -1
    this.lacks = 'bytes'
    let at = this.#drop(all)
    while (this.#dropping === 0 && at < all.length) {
      const byte = all[at]
      if (byte === LF || byte === CR || byte === NUL) at++
      else {
        const next = this.#frame(all, at, ended)
        if (next === INCOMPLETE) break
        at = next
      }
    }
    return at
  }

  /** Whether the end of the connection has come within a frame that counts, of which the rest was to be dropped. */
  get isShort (): boolean {
    return typeof this.#dropping === 'number' && this.#dropping > 0
  }

  /** Returns where the next frame begins. */
  #frame (all: Buffer, at: number, ended: boolean): number {
    const count = frameCount(all, at, ended)
    if (count === UNDECIDED) return INCOMPLETE
    // A count that is far too large is a number in a text.
    if (count === LINE || count > MOST_TIMES_TOO_LONG * this.#mostBytes) return this.#line(all, at, ended)
    const start = all.indexOf(BLANK, at) + 1
    const end = start + count
    if (end <= all.length) return this.#message(all, start, end) ? end : INCOMPLETE
    if (all.length - start <= this.#mostBytes || !this.#record(all, start, all.length)) return INCOMPLETE
    this.#dropping = end - all.length
    return all.length
  }

  #line (all: Buffer, at: number, ended: boolean): number {
    const end = this.#lineEnd(all, at)
    if (end < all.length || ended) {
      const isCrLf = end - at <= this.#mostBytes && all[end - 1] === CR
      return this.#record(all, at, isCrLf ? end - 1 : end) ? Math.min(end + 1, all.length) : INCOMPLETE
    }
    if (all.length - at <= this.#mostBytes) this.#searched = all.length - at
    else if (this.#record(all, at, all.length)) {
      this.#dropping = 'line'
      return all.length
    }
    return INCOMPLETE
  }

  /** Where the line ends whose bytes from `at` on are new; behind all bytes where its end has not come. */
  #lineEnd (all: Buffer, at: number): number {
    const from = at + this.#searched
    this.#searched = 0
    const lf = all.indexOf(LF, from)
    const limit = lf < 0 ? all.length : lf
    for (let nul = this.#nextNul(all, from); nul < limit; nul = this.#nextNul(all, nul + 1)) {
      const next = all[nul + 1]
      // Python's SysLogHandler ends a message so, and may send no other for long.
      if (next === undefined || next === LESS || next === LF || next === NUL) return nul
    }
    return limit
  }

  #nextNul (all: Buffer, from: number): number {
    if (this.#nul < from) {
      const nul = all.indexOf(NUL, from)
      this.#nul = nul < 0 ? Infinity : nul
    }
    return this.#nul
  }

  /** False where there is no room. */
  #message (all: Buffer, start: number, end: number): boolean {
    if (all[start] !== COMPRESSED || end - start > this.#mostBytes) return this.#record(all, start, end)
    const message = inflated(all.subarray(start, end), this.#mostBytes)
    const told = message ?? Buffer.from(`[a compressed message of ${end - start} bytes that cannot be inflated]`)
    const isTaken = this.#record(told, 0, told.length)
    if (isTaken && message === undefined) this.#events.fault('inflate')
    return isTaken
  }

  /** False where there is no room. */
  #record (bytes: Buffer, start: number, end: number): boolean {
    if (end - start > this.#mostBytes) return this.#cut(bytes, start)
    if (end > start) {
      if (!this.#fits(end - start)) return false
      this.#events.record(bytes, start, end)
    }
    return true
  }

  #cut (bytes: Buffer, start: number): boolean {
    if (!this.#fits(this.#mostBytes + CUT_BYTES)) return false
    const record = cutRecord(bytes, start, this.#mostBytes)
    this.#events.fault('cut')
    this.#events.record(record, 0, record.length)
    return true
  }

  #fits (bytes: number): boolean {
    const fits = this.#events.fits(bytes)
    if (!fits) this.lacks = 'room'
    return fits
  }

  /** Drops what belongs to a frame that is too long. Returns where the rest begins. */
  #drop (all: Buffer): number {
    if (this.#dropping === 0) return 0
    if (this.#dropping === 'line') {
      const end = this.#lineEnd(all, 0)
      if (end === all.length) return end
      this.#dropping = 0
      return end + 1
    }
    const dropped = Math.min(this.#dropping, all.length)
    this.#dropping -= dropped
    return dropped
  }
}
