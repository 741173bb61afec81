import type { OutcomeName } from '../embedded/bus/ports.ts'
import type { Generator } from './generator.ts'
import type { TokenBucket } from './token-bucket.ts'

/** A message on its way, kept as it is until it is accepted or rejected. */
export interface Parcel { readonly bytes: Buffer, readonly records: number, returns: number }

/** Records, by what has become of them: `sent = accepted + rejected + unsettled`. */
export interface LoadCounts {
  sent: number
  accepted: number
  /** For good: as rsyslog drops them. */
  rejected: number
  /** Came back, to be sent again; each time counted. */
  released: number
  modified: number
  /** Sent again: because they came back, or because their connection was lost with them. */
  resent: number
  unsettled: number
}

export interface LoadOptions {
  generator: Generator
  /** Number of addresses: machine `i` sends to address `i % addresses`, as it is configured to. */
  addresses: number
  /** Records in all; without end if undefined. */
  records?: number
  bucket?: TokenBucket
  /** Records a message is to have: at most the generator's. */
  recordsPerMessage: number
}

/**
 * What is to be sent, shared by all connections: what came back first, then new messages while there are to be any.
 * Every record of it is counted in exactly one of accepted, rejected and unsettled.
 */
export class Load {
  readonly counts: LoadCounts = { sent: 0, accepted: 0, rejected: 0, released: 0, modified: 0, resent: 0, unsettled: 0 }
  readonly #options: LoadOptions
  readonly #again: Parcel[][]
  readonly #turns: number[]
  #ended = false

  constructor (options: LoadOptions) {
    const { addresses, generator } = options
    if (addresses < 1 || addresses > generator.hosts.length) {
      throw new RangeError(`between 1 and ${generator.hosts.length} addresses are required, as many as there are hosts, not ${addresses}`)
    }
    this.#options = options
    this.#again = Array.from({ length: addresses }, () => [])
    this.#turns = Array.from({ length: addresses }, (_, index) => index)
  }

  /** No new message comes from now on. */
  end (): void {
    this.#ended = true
  }

  /** Nothing more is to be sent and nothing is on its way. */
  get done (): boolean {
    return this.#exhausted && this.counts.unsettled === 0
  }

  /** The next message for an address; or the milliseconds until the rate allows one; undefined when none is to come. */
  next (address: number): Parcel | number | undefined {
    const returned = this.#again[address]!.shift()
    if (returned !== undefined) {
      this.counts.resent += returned.records
      return returned
    }
    if (this.#exhausted) return undefined
    const { generator, records = Infinity, bucket, recordsPerMessage, addresses } = this.#options
    const size = Math.min(recordsPerMessage, records - this.counts.sent)
    const wait = bucket?.take(size) ?? 0
    if (wait > 0) return wait
    const host = this.#turns[address]!
    this.#turns[address] = host + addresses < generator.hosts.length ? host + addresses : address
    const { message: bytes, records: made } = generator.next(size, host)
    this.counts.sent += made
    this.counts.unsettled += made
    return { bytes, records: made, returns: 0 }
  }

  /** What the bus decided of a message. True if it is to be sent again: with `sendAgain`, when the time has come. */
  settle (parcel: Parcel, outcome: OutcomeName): boolean {
    this.counts[outcome] += parcel.records
    if (outcome === 'released' || outcome === 'modified') {
      parcel.returns++
      return true
    }
    this.counts.unsettled -= parcel.records
    return false
  }

  /** Puts messages at the head of their address's queue, in order. */
  sendAgain (address: number, parcels: readonly Parcel[]): void {
    this.#again[address]!.unshift(...parcels)
  }

  get #exhausted (): boolean {
    return this.#ended || this.counts.sent >= (this.#options.records ?? Infinity)
  }
}
