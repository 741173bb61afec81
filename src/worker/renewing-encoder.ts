import type { EncodeResult, EncoderSettings, EncodeTask } from './messages.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { LoadFall } from '../load-fall.ts'
import { Encoder } from './encoder.ts'

const MIB = 2 ** 20

/** No message of an ordinary batch is larger. */
const ORDINARY_MESSAGE_BYTES = 2 * MIB

/**
 * What the kernel may keep above the memory that it begins with: while batches follow, more than ordinary ones ever
 * need; when the load has fallen, what most need.
 */
export const SPARE_BYTES = 32 * MIB
const FALLEN_SPARE_BYTES = 8 * MIB

/** A new encoder has to look all streams up again. So it is made only where large messages have ceased. */
const ORDINARY_BATCHES = 8

/**
 * An encoder whose memory comes back after a giant message. The kernel's memory never gets smaller, and a message of 60
 * MiB makes it 150. So all is made anew when ordinary batches follow, or little or nothing does (LoadFall). The new
 * encoder has forgotten its streams, as a new thread has: their first parts are pushed alone (Part.solo), and records
 * that are late are left to Loki to find. So a fall of the load renews only an encoder that has grown much.
 */
export class RenewingEncoder {
  readonly #settings: EncoderSettings
  #encoder: Encoder
  #ordinary = 0
  readonly #load = new LoadFall()
  /** What the kernel's memory begins with. */
  readonly #least: number

  constructor (settings: EncoderSettings) {
    this.#settings = settings
    this.#encoder = new Encoder(settings)
    this.#least = this.#encoder.memoryBytes
  }

  get memoryBytes (): number {
    return this.#encoder.memoryBytes
  }

  encode (task: EncodeTask): EncodeResult {
    this.#load.add(task.ends.at(-1) ?? 0)
    const result = this.#encoder.encode(task)
    if (this.memoryBytes > this.#least + SPARE_BYTES) this.#renewWhenOrdinary(task)
    return result
  }

  /** Ends a period of the load. Where it has fallen, gives memory back. */
  endPeriod (): void {
    if (!this.#load.endPeriod()) return
    if (this.memoryBytes > this.#least + FALLEN_SPARE_BYTES) this.#renew()
    else collectGarbage()
  }

  #renewWhenOrdinary ({ starts, ends }: EncodeTask): void {
    const ordinary = ends.every((end, message) => end - (starts[message] ?? end) <= ORDINARY_MESSAGE_BYTES)
    this.#ordinary = ordinary ? this.#ordinary + 1 : 0
    if (this.#ordinary >= ORDINARY_BATCHES) this.#renew()
  }

  #renew (): void {
    this.#ordinary = 0
    this.#encoder = new Encoder(this.#settings)
    collectGarbage()
  }
}
