import { frameCount, LINE, UNDECIDED } from './frame-count.ts'
import { HeldBytes } from './held-bytes.ts'
import { inflated, streamCompression } from './inflate.ts'

/** What is wrong with a frame: it is too long, its connection ended within it, or it cannot be inflated. */
export type FrameFault = 'cut' | 'short' | 'inflate'

export interface FrameEvents {
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

/** A count of more than so many times the longest record is taken for a number in a text. */
const MOST_TIMES_TOO_LONG = 16
/** So many bytes show whether a connection is compressed as a whole. */
const FIRST_BYTES = 4
const INCOMPLETE = -1
/** Bytes of a character in UTF-8. */
const MOST_CHARACTER = 4

/** A frame that is too long: its first bytes, how many were dropped, and how many are to come, where it counts them. */
interface Cut { head: Buffer, dropped: number, left: number | undefined }

/**
 * Finds the records in the bytes of a connection (RFC 6587, RFC 5425). A frame counts its octets, or ends with LF: that
 * is told frame by frame, as rsyslog mixes them. How the bytes are cut into reads makes no difference.
 *
 *     between frames --a count, a blank, a message's beginning--> counted --so many octets--> between frames
 *       `--anything else--> line --LF; or NUL, and behind it `<`, LF or the end--> between frames
 *     counted, line --longer than a record may be--> cut: the rest is dropped --the frame's end--> between frames
 */
export class SyslogFrames {
  readonly #mostBytes: number
  readonly #events: FrameEvents
  readonly #held = new HeldBytes()
  /** The line that is held has no end in so many bytes. */
  #searched = 0
  /** In the bytes that are being read: a NUL, and none between it and what is read already. */
  #nul = -1
  #cut: Cut | undefined
  #begun = false

  constructor (mostBytes: number, events: FrameEvents) {
    this.#mostBytes = mostBytes
    this.#events = events
  }

  get heldBytes (): number {
    return this.#held.length + (this.#cut?.head.length ?? 0)
  }

  /**
   * Whether a line is held that a NUL ends if nothing follows. Python's SysLogHandler ends its messages so. When no
   * more comes for a moment, `pause` must be called.
   */
  get endsInNul (): boolean {
    const { length, bytes } = this.#held
    return length > 0 && bytes[length - 1] === NUL && frameCount(bytes, 0, false) === LINE
  }

  /** Reads what came. Returns why the connection cannot be read on, or undefined. */
  read (bytes: Buffer): string | undefined {
    const isMore = this.#held.length > 0 || (!this.#begun && bytes.length < FIRST_BYTES)
    if (isMore) this.#held.append(bytes)
    const all = isMore ? this.#held.bytes : bytes
    if (!this.#begun) {
      if (all.length < FIRST_BYTES) return undefined
      this.#begun = true
      const compression = streamCompression(all)
      if (compression !== undefined) {
        return `its sender compresses the whole connection (${compression}), which is not read: take compression.mode="stream:always" out of its omfwd action`
      }
    }
    const taken = this.#take(all, false)
    if (isMore) this.#held.dropBefore(taken)
    else if (taken < all.length) this.#held.append(all.subarray(taken))
    return undefined
  }

  /** No more comes for a moment. */
  pause (): void {
    if (this.endsInNul) this.#held.dropBefore(this.#take(this.#held.bytes, true))
  }

  /** No more comes: a line is whole, a frame that counts is too short. */
  end (): void {
    this.#held.dropBefore(this.#take(this.#held.bytes, true))
    if (this.#held.length > 0 || this.#cut?.left !== undefined) this.#events.fault('short')
    else if (this.#cut !== undefined) this.#endCut(this.#cut)
  }

  /** Returns where the frame begins that is not whole yet. */
  #take (all: Buffer, ended: boolean): number {
    this.#nul = -1
    let at = this.#cut === undefined ? 0 : this.#drop(this.#cut, all, ended)
    while (this.#cut === undefined && at < all.length) {
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

  /** Returns where the next frame begins. */
  #frame (all: Buffer, at: number, ended: boolean): number {
    const count = frameCount(all, at, ended)
    if (count === UNDECIDED) return INCOMPLETE
    if (count === LINE || count > MOST_TIMES_TOO_LONG * this.#mostBytes) return this.#line(all, at, ended)
    const start = all.indexOf(BLANK, at) + 1
    const end = start + count
    if (end <= all.length) {
      this.#message(all, start, end)
      return end
    }
    if (all.length - start <= this.#mostBytes) return INCOMPLETE
    this.#beginCut(all, start, all.length, end - all.length)
    return all.length
  }

  #line (all: Buffer, at: number, ended: boolean): number {
    const end = this.#lineEnd(all, at, ended)
    if (end !== INCOMPLETE) {
      const isCrLf = end - at <= this.#mostBytes && all[end - 1] === CR
      this.#record(all, at, isCrLf ? end - 1 : end)
      return Math.min(end + 1, all.length)
    }
    const undecided = lastIsNul(all)
    if (all.length - undecided - at <= this.#mostBytes) {
      this.#searched = all.length - undecided - at
      return INCOMPLETE
    }
    this.#beginCut(all, at, all.length - undecided, undefined)
    return all.length - undecided
  }

  /** Where the line ends whose bytes from `at` on are new. */
  #lineEnd (all: Buffer, at: number, ended: boolean): number {
    const from = at + this.#searched
    this.#searched = 0
    const lf = all.indexOf(LF, from)
    const limit = lf < 0 ? all.length : lf
    for (let nul = this.#nextNul(all, from); nul < limit; nul = this.#nextNul(all, nul + 1)) {
      const next = all[nul + 1]
      if (next === undefined ? ended : next === LESS || next === LF) return nul
    }
    return lf >= 0 ? lf : ended ? all.length : INCOMPLETE
  }

  #nextNul (all: Buffer, from: number): number {
    if (this.#nul < from) {
      const nul = all.indexOf(NUL, from)
      this.#nul = nul < 0 ? Infinity : nul
    }
    return this.#nul
  }

  #message (all: Buffer, start: number, end: number): void {
    if (all[start] !== COMPRESSED || end - start > this.#mostBytes) return this.#record(all, start, end)
    const message = inflated(all.subarray(start, end), this.#mostBytes)
    if (message === undefined) this.#events.fault('inflate')
    const told = message ?? Buffer.from(`[a compressed message of ${end - start} bytes that cannot be inflated]`)
    this.#record(told, 0, told.length)
  }

  #record (bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#mostBytes) this.#endCut(this.#beginCut(bytes, start, end, undefined))
    else if (end > start) this.#events.record(bytes, start, end)
  }

  #beginCut (all: Buffer, start: number, end: number, left: number | undefined): Cut {
    let middle = start + this.#mostBytes
    // No character is cut in two.
    while (middle > start + this.#mostBytes - MOST_CHARACTER && (all[middle]! & 0xc0) === 0x80) middle--
    this.#cut = { head: Buffer.from(all.subarray(start, middle)), dropped: end - middle, left }
    return this.#cut
  }

  /** Drops what belongs to a frame that is too long. Returns where the rest begins. */
  #drop (cut: Cut, all: Buffer, ended: boolean): number {
    const isCounted = cut.left !== undefined
    const end = isCounted ? Math.min(all.length, cut.left!) : this.#lineEnd(all, 0, ended)
    const dropped = end === INCOMPLETE ? all.length - lastIsNul(all) : end
    cut.dropped += dropped
    if (isCounted) cut.left! -= dropped
    if (isCounted ? cut.left! > 0 : end === INCOMPLETE) return dropped
    this.#endCut(cut)
    return isCounted ? dropped : Math.min(end + 1, all.length)
  }

  #endCut ({ head, dropped }: Cut): void {
    this.#cut = undefined
    this.#events.fault('cut')
    const record = Buffer.concat([head, Buffer.from(` [${dropped} bytes cut]`)])
    this.#events.record(record, 0, record.length)
  }
}

/** 1 where the last byte is NUL, of which more must come to tell whether it ends a line. */
function lastIsNul (all: Buffer): 0 | 1 {
  return all[all.length - 1] === NUL ? 1 : 0
}
