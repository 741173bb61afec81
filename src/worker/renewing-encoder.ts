import type { EncodeResult, EncoderSettings, EncodeTask } from './messages.ts'
import { collectGarbage } from './collect-garbage.ts'
import { Encoder } from './encoder.ts'

const MIB = 2 ** 20

/** No message of an ordinary batch is larger. */
const ORDINARY_MESSAGE_BYTES = 2 * MIB

/** What the kernel may keep above the memory that it begins with. Ordinary batches never need so much. */
export const SPARE_BYTES = 32 * MIB

/** A new encoder has to look all streams up again. So it is made only where large messages have ceased. */
const ORDINARY_BATCHES = 8

/**
 * An encoder whose memory comes back after a giant message. The kernel's memory never gets smaller, and a message of 60
 * MiB makes it 150. So when ordinary batches follow, all is made anew. The new encoder has forgotten its streams, as a
 * new thread has: their first parts are pushed alone (Part.solo), and records that are late are left to Loki to find.
 */
export class RenewingEncoder {
  readonly #settings: EncoderSettings
  #encoder: Encoder
  #ordinary = 0
  readonly #most: number

  constructor (settings: EncoderSettings) {
    this.#settings = settings
    this.#encoder = new Encoder(settings)
    this.#most = this.#encoder.memoryBytes + SPARE_BYTES
  }

  get memoryBytes (): number {
    return this.#encoder.memoryBytes
  }

  encode (task: EncodeTask): EncodeResult {
    const result = this.#encoder.encode(task)
    if (this.#encoder.memoryBytes > this.#most) this.#renewWhenOrdinary(task)
    return result
  }

  #renewWhenOrdinary ({ starts, ends }: EncodeTask): void {
    const ordinary = ends.every((end, message) => end - (starts[message] ?? end) <= ORDINARY_MESSAGE_BYTES)
    this.#ordinary = ordinary ? this.#ordinary + 1 : 0
    if (this.#ordinary < ORDINARY_BATCHES) return
    this.#ordinary = 0
    this.#encoder = new Encoder(this.#settings)
    collectGarbage()
  }
}
