import { cutRecord, MOST_TIMES_TOO_LONG } from '../delivery/cut.ts'
import { ProtocolError } from '../listener/protocol.ts'
import { readHeader } from './header.ts'

const LF = 0x0a

/** A frame whose data is here, or is cut. */
export interface Frame {
  txnr: number
  command: string
  /** The data is `bytes[start, end)`. Where it is cut, these are bytes of their own, with the mark. */
  bytes: Buffer
  start: number
  end: number
  isCut: boolean
  /** Where the frame ends in the bytes that have come. */
  next: number
  /** So many bytes of a cut frame are still to come, its LF included. */
  rest: number
}

/** Finds the frames in what comes over a connection. The rest of one that is cut is passed over. */
export class Frames {
  readonly #mostBytes: number
  #skip = 0

  constructor (mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Returns where the next frame begins: at `at`, or behind what is passed over. */
  start (bytes: Buffer, at: number): number {
    const skipped = Math.min(this.#skip, bytes.length - at)
    this.#skip -= skipped
    return at + skipped
  }

  /** The frame that begins at `at`; undefined where it has not come yet. */
  read (bytes: Buffer, at: number): Frame | undefined {
    const header = this.#skip > 0 || at === bytes.length ? undefined : readHeader(bytes, at)
    if (header === undefined) return undefined
    const { txnr, command, length, dataAt } = header
    if (length > MOST_TIMES_TOO_LONG * this.#mostBytes) {
      throw new ProtocolError(`a frame of ${length} bytes: LOKEAN_LISTEN_MAX_FRAME_BYTES is ${this.#mostBytes}`)
    }
    const end = dataAt + Math.min(length, this.#mostBytes)
    // Behind the data is LF, or the byte that tells whether the cut is within a character.
    if (bytes.length <= end) return undefined
    if (length > this.#mostBytes) {
      const cut = cutRecord(bytes, dataAt, this.#mostBytes)
      return { txnr, command, bytes: cut, start: 0, end: cut.length, isCut: true, next: end, rest: dataAt + length + 1 - end }
    }
    if (bytes[end] !== LF) throw new ProtocolError('a frame without LF behind its data')
    return { txnr, command, bytes, start: dataAt, end, isCut: false, next: end + 1, rest: 0 }
  }

  /** The frame is taken. Returns where it ends. */
  take ({ next, rest }: Frame): number {
    this.#skip = rest
    return next
  }
}
