import { LokeanError } from '../../errors.ts'

/**
 * The largest frame that is read, in bytes. It is more than was agreed on (MAX_FRAME_SIZE), for buses that do not keep
 * to the agreement.
 */
export const MAX_FRAME_BYTES = 1024 * 1024

/** `AMQP`, protocol id, version (spec 2.2). */
const HEADER_BYTES = 8
const HEADER_START = 0x414d5150
/** Size, data offset, type, channel (spec 2.3.1). */
const SMALLEST_FRAME = 8
const TYPE_AT = 5
const SASL = 1

/**
 * Cuts the bytes that a socket reads into frames and protocol headers. It uses one buffer for all reads. Node would
 * otherwise allocate 64 KiB a read, and rhea would join each frame that the end of a read cuts in two; collecting that
 * garbage cost the main thread as much as all its other work. A frame is valid until the call of `onFrame` returns.
 *
 * Where a read ends within a frame, the beginning of the frame moves to the front of the buffer, and the next read goes
 * behind it.
 */
export class FrameReader {
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_FRAME_BYTES)
  readonly #onFrame: (frame: Buffer) => void
  #kept = 0
  #started = false
  /**
   * A header may come first of all, and behind SASL's frames (spec 2.2, 5.3). Anywhere else rhea would read it as the
   * size of a frame, of a gibibyte, and wait for that frame.
   */
  #headerMayCome = true

  constructor (onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** The place for the next read. It is never empty. */
  get room (): Buffer {
    return this.#buffer.subarray(this.#kept)
  }

  /**
   * Says that `length` bytes have been read into `room`. Throws where they make no frame, and where `onFrame` throws.
   * The connection must be closed then.
   */
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
    // First bytes that are not AMQP's have no frame size to read. rhea gets all of them, and says what is wrong.
    if (!this.#started) return Math.max(HEADER_BYTES, end - at)
    const size = this.#buffer.readUInt32BE(at)
    if (size > MAX_FRAME_BYTES) throw announced(size, `${MAX_FRAME_BYTES} is the most that is taken`)
    if (size < SMALLEST_FRAME) throw announced(size, `none has fewer than ${SMALLEST_FRAME}`)
    return size
  }
}

function announced (size: number, limit: string): LokeanError {
  return new LokeanError('LOKEAN_BUS', `a frame of ${size} bytes was announced; ${limit}`, { retryable: true })
}
