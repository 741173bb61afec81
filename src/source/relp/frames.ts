import { ProtocolError } from '../listener/protocol.ts'
import { type Header, readHeader } from './header.ts'

/** A frame that is longer than this many times the limit is no record. */
const MOST_TIMES_LIMIT = 16
const LF = 0x0a

/** A frame whose data is here, or the first bytes of it where it is too long. */
export interface Frame extends Header {
  /** Where the data ends, as far as it is kept. */
  end: number
  isWhole: boolean
}

/** Finds the frames in what comes over a connection. The rest of one that is too long is passed over. */
export class Frames {
  readonly #mostBytes: number
  /** So many bytes of a cut frame are still to come, its LF included. */
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
    const { length, dataAt } = header
    if (length > MOST_TIMES_LIMIT * this.#mostBytes) {
      throw new ProtocolError(`a frame of ${length} bytes: LOKEAN_LISTEN_MAX_FRAME_BYTES is ${this.#mostBytes}`)
    }
    const isWhole = length <= this.#mostBytes
    const end = dataAt + Math.min(length, this.#mostBytes)
    if (bytes.length < end + (isWhole ? 1 : 0)) return undefined
    if (isWhole && bytes[end] !== LF) throw new ProtocolError('a frame without LF behind its data')
    return { ...header, end, isWhole }
  }

  /** The frame is taken. Returns where its bytes end. */
  take ({ length, dataAt, end, isWhole }: Frame): number {
    if (isWhole) return end + 1
    this.#skip = length - (end - dataAt) + 1
    return end
  }
}
