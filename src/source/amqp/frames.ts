import { LokeanError } from '../../errors.ts'

/** The largest frame that is taken, in bytes: more than was agreed on (MAX_FRAME_SIZE), for a bus that does not care. */
export const MAX_FRAME_BYTES = 1024 * 1024

/** `AMQP`, protocol id, version (spec 2.2). */
const HEADER_BYTES = 8
const HEADER_START = 0x414d5150
/** Size, data offset, type, channel (spec 2.3.1). */
const SMALLEST_FRAME = 8
const TYPE_AT = 5
const SASL = 1

/**
 * Cuts what a socket brings into frames and protocol headers, in one buffer that is used again for each read: Node would otherwise
 * allocate 64 KiB a read, and rhea join what the end of a read has cut in two; collecting all that cost the main thread as much as the
 * rest it did. What is handed on is valid until the call returns.
 *
 * The beginning of a frame whose end is still to come is moved to the front, and the next read goes right behind it.
 */
export class FrameReader {
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_FRAME_BYTES)
  readonly #onFrame: (frame: Buffer) => void
  #kept = 0
  #started = false
  /** First of all, and behind SASL's frames (spec 2.2, 5.3). Anywhere else rhea would take it for the size of a frame, a gibibyte, and wait for that. */
  #headerMayCome = true

  constructor (onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** Where the next read is to go; never empty. */
  get room (): Buffer {
    return this.#buffer.subarray(this.#kept)
  }

  /** So many bytes have been read into `room`. Throws where no frame can be made of them, or what takes the frames does: there is no reading on then. */
  read (length: number): void {
    const end = this.#kept + length
    let at = 0
    while (end - at >= 4) {
      const isHeader = this.#headerMayCome && this.#buffer.readUInt32BE(at) === HEADER_START
      this.#started ||= isHeader
      const size = isHeader ? HEADER_BYTES : this.#size(at, end)
      if (at + size > end) break
      this.#headerMayCome = !isHeader && this.#buffer[at + TYPE_AT] === SASL
      this.#onFrame(this.#buffer.subarray(at, at + size))
      at += size
    }
    this.#buffer.copyWithin(0, at, end)
    this.#kept = end - at
  }

  #size (at: number, end: number): number {
    // Whoever does not begin as AMQP does is not asked for the size of its frames: the protocol's reader says what is wrong with it.
    if (!this.#started) return Math.max(HEADER_BYTES, end - at)
    const size = this.#buffer.readUInt32BE(at)
    if (size > MAX_FRAME_BYTES) throw new LokeanError('LOKEAN_BUS', `a frame of ${size} bytes was announced; ${MAX_FRAME_BYTES} is the most that is taken`, { retryable: true })
    if (size < SMALLEST_FRAME) throw new LokeanError('LOKEAN_BUS', `a frame of ${size} bytes was announced; none has fewer than ${SMALLEST_FRAME}`, { retryable: true })
    return size
  }
}
