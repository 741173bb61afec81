import type { EncodeResult, EncodeTask } from './messages/tasks.ts'
import type { EncoderSettings } from './messages/settings.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { LoadFall } from '../load-fall.ts'
import { Encoder } from './encoder.ts'

const MIB = 2 ** 20

/** No message of an ordinary batch is larger. */
const ORDINARY_MESSAGE_BYTES = 2 * MIB

/** What the kernel may keep above the memory that it begins with. Ordinary batches never need so much. */
export const SPARE_BYTES = 32 * MIB

/** A new encoder has to look all streams up again. So it is made only where large messages have ceased. */
const ORDINARY_BATCHES = 8

/**
 * An encoder whose memory comes back. The kernel's memory never gets smaller, and a message of 60 MiB makes it 150.
 * What is known of a stream takes a KB or two. So all is made anew when ordinary batches follow a giant message, and
 * when the load has fallen (LoadFall). The new encoder learns of its streams from what the threads share
 * (ActiveStreams), as a new thread does: which of them Loki knows, and how new each is.
 */
export class RenewingEncoder {
  readonly #settings: EncoderSettings
  #encoder: Encoder
  #ordinary = 0
  readonly #load = new LoadFall()
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
    this.#load.add(task.ends.at(-1) ?? 0)
    const result = this.#encoder.encode(task)
    if (this.memoryBytes > this.#most) this.#renewWhenOrdinary(task)
    return result
  }

  /** Ends a period of the load. Where it has fallen, gives memory back. */
  endPeriod (): void {
    if (this.#load.endPeriod()) this.#renew()
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
