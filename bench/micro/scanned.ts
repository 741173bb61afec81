import { Fields } from '../../src/worker/input/fields.ts'
import { Kernel } from '../../src/worker/kernel/kernel.ts'
import { SETTINGS, type SampleMessage } from './sample.ts'

/**
 * A batch in the kernel's memory whose records have all been scanned, and the places of their fields. So the steps
 * after the scan can be timed alone. Code in `setUp` may allocate in the kernel; later code may not.
 */
export class ScannedBatch<T> {
  readonly kernel = new Kernel()
  readonly fields: Fields
  readonly own: T
  readonly records: number
  /** The address behind the messages. */
  readonly behind: number
  /** By record and slot: the start and the end of the value. */
  readonly #found: Int32Array
  readonly #width: number

  constructor (messages: readonly SampleMessage[], setUp: (kernel: Kernel, fields: Fields) => T) {
    const { kernel } = this
    this.fields = new Fields(SETTINGS, kernel)
    this.own = setUp(kernel, this.fields)
    this.records = messages.reduce((sum, { starts }) => sum + starts.length, 0)
    this.#width = 2 * this.fields.names.length
    this.#found = new Int32Array(this.records * this.#width)
    const all = Buffer.concat(messages.map(({ bytes }) => bytes))
    this.behind = kernel.window(all.length)
    let shift = kernel.input(all)
    let record = 0
    for (const { bytes, starts, ends } of messages) {
      for (const [i, start] of starts.entries()) this.#scan(shift + start, shift + ends[i], record++)
      shift += bytes.length
    }
  }

  /** Sets these fields as the scan had left them. */
  load (record: number, slots: readonly number[]): void {
    const { fields } = this
    for (let i = 0; i < slots.length; i++) {
      const at = record * this.#width + 2 * slots[i]
      fields.set(slots[i], this.#found[at], this.#found[at + 1])
    }
  }

  text (slot: number): string {
    return this.kernel.bytes.toString('utf8', this.fields.start(slot), this.fields.end(slot))
  }

  #scan (start: number, end: number, record: number): void {
    const { kernel, fields } = this
    if (kernel.run.scan(start, end) === 0) throw new Error('a record is not as rsyslog writes it')
    kernel.run.derive(fields.start(fields.slot('message')), fields.end(fields.slot('message')))
    for (let slot = 0; slot < fields.names.length; slot++) {
      this.#found[record * this.#width + 2 * slot] = fields.start(slot)
      this.#found[record * this.#width + 2 * slot + 1] = fields.end(slot)
    }
  }
}
