import { isUtf8 } from 'node:buffer'
import type { QuarantineReason } from '../messages/reasons.ts'
import type { EncoderSettings, Route } from '../messages/settings.ts'
import { type Fields, HOST, HOSTNAME, TIMESTAMP } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { RecordTimes } from '../input/record-times.ts'
import { quarantineLabels, quarantineTenant, toldOf } from './quarantine.ts'

/** What the quarantined records of one address have in common. */
interface Place {
  tenant: string
  address: Uint8Array
  told: Fields['told']
  /** The labels of the streams, by reason. */
  labels: Map<QuarantineReason, string>
}

/** More than any time needs; its fraction may have any number of digits. */
const MAX_TIME_BYTES = 64

/** Where the quarantined records of each address go, and what metadata tells of them. */
export class Quarantined {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #kernel: Kernel
  readonly #times: RecordTimes
  readonly #place: (bytes: Uint8Array) => number
  readonly #places = new Map<string, Place>()

  /** `place` puts bytes into the kernel's memory, and returns their address. */
  constructor (
    settings: EncoderSettings, fields: Fields, kernel: Kernel, times: RecordTimes, place: (bytes: Uint8Array) => number
  ) {
    this.#settings = settings
    this.#fields = fields
    this.#kernel = kernel
    this.#times = times
    this.#place = place
  }

  /** `route`: where a route sends the record. */
  streamOf (address: string, reason: QuarantineReason, route: Partial<Route> | undefined): { labels: string, tenant: string } {
    const { labels, tenant: usual } = this.#placeOf(address)
    const tenant = route === undefined ? usual : quarantineTenant(this.#settings, address, route)
    let text = labels.get(reason)
    if (text === undefined) labels.set(reason, text = quarantineLabels(this.#settings, address, reason))
    return { labels: text, tenant }
  }

  /** Leaves in the fields what metadata tells of the record: all that could still be read of it, and its address. */
  tell (address: string): void {
    const fields = this.#fields
    const { address: bytes, told } = this.#placeOf(address)
    const values = told.map(({ from, slot }) => ({ slot, ...this.#value(from) }))
    const time = this.#time()
    fields.clear()
    if (this.#settings.metadata.length === 0) return
    for (const { slot, start, end } of values) fields.set(slot, start, end)
    if (time !== undefined) fields.set(fields.originalTimestamp, time.start, time.end)
    const at = this.#place(bytes)
    fields.set(fields.address, at, at + bytes.length)
  }

  #placeOf (address: string): Place {
    let place = this.#places.get(address)
    if (place === undefined) {
      const names = toldOf(this.#settings, address).map(({ name }) => name)
      place = {
        tenant: quarantineTenant(this.#settings, address),
        address: Buffer.from(address),
        told: this.#fields.told.filter(({ name }) => names.includes(name)),
        labels: new Map()
      }
      this.#places.set(address, place)
    }
    return place
  }

  /** The scanner may have found a value in a record that is not UTF-8. `host` falls back to `hostname`. */
  #value (slot: number): { start: number, end: number } {
    const fields = this.#fields
    const from = slot === HOST && fields.start(HOST) === fields.end(HOST) ? HOSTNAME : slot
    const [start, end] = [fields.start(from), fields.end(from)]
    const value = this.#kernel.bytes.subarray(start, end)
    if (isUtf8(value)) return { start, end }
    const text = Buffer.from(value.toString('utf8'))
    const at = this.#place(text)
    return { start: at, end: at + text.length }
  }

  /** The record's time as it was written; undefined where that is no time. */
  #time (): { start: number, end: number } | undefined {
    const [start, end] = [this.#fields.start(TIMESTAMP), this.#fields.end(TIMESTAMP)]
    if (this.#fields.isAbsent(TIMESTAMP) || !this.#times.isTime(start, end)) return undefined
    return { start, end: Math.min(end, start + MAX_TIME_BYTES) }
  }
}
