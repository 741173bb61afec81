import type { OddNames } from '../messages/tasks.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { type Fields, HOST, HOSTNAME } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** No host and no tag is longer. */
const MOST_SAMPLE_BYTES = 64

/** Tells, beside an entry of the stream that odd hosts and sources share, what its record had as host and source. */
export class ToldNames {
  readonly #fields: Fields
  readonly #kernel: Kernel
  readonly #place: (bytes: Uint8Array) => number
  readonly #slots: readonly number[]
  /** Undefined where metadata is off. */
  readonly #metadata: Fields['told'] | undefined
  #sample: OddNames | undefined

  constructor ({ metadata }: Pick<EncoderSettings, 'metadata'>, fields: Fields, kernel: Kernel, place: (bytes: Uint8Array) => number) {
    this.#fields = fields
    this.#kernel = kernel
    this.#place = place
    this.#slots = [HOST, fields.slot('source')]
    const isTold = (told: string): boolean => metadata.some(({ name }) => name === told)
    this.#metadata = metadata.length === 0
      ? undefined
      : fields.told.filter(({ name, from }) => [HOSTNAME, ...this.#slots].includes(from) && !isTold(name))
  }

  /** Sets the metadata for the line in `[start, end)`. Where there is none, puts the words in front of the line. */
  tell (start: number, end: number): [start: number, end: number] {
    this.#sample ??= { host: this.#text(HOST), source: this.#text(this.#fields.slot('source')) }
    if (this.#metadata === undefined) {
      const { bytes } = this.#kernel
      const words = this.#slots.map(slot => bytes.subarray(this.#fields.start(slot), this.#fields.end(slot)))
      const line = Buffer.concat([...words.flatMap(word => [word, Buffer.from(' ')]), bytes.subarray(start, end)])
      const at = this.#place(line)
      return [at, at + line.length]
    }
    for (const { from, slot } of this.#metadata) this.#fields.set(slot, this.#fields.start(from), this.#fields.end(from))
    return [start, end]
  }

  /** The first names that were told since the last call; undefined where there were none. */
  takeSample (): OddNames | undefined {
    const sample = this.#sample
    this.#sample = undefined
    return sample
  }

  #text (slot: number): string {
    const [start, end] = [this.#fields.start(slot), this.#fields.end(slot)]
    return this.#kernel.bytes.toString('utf8', start, Math.min(end, start + MOST_SAMPLE_BYTES))
  }
}
