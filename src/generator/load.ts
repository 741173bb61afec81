import type { OutcomeName } from '../embedded/bus/ports.ts'
import type { Generator } from './generator.ts'
import type { TokenBucket } from './token-bucket.ts'

/** What becomes of a message: its outcome, or that it was written to a peer that acknowledges nothing. */
export type Fate = OutcomeName | 'written'

/** A message in flight. It is kept until it is accepted or rejected, or written where nothing is acknowledged. */
export interface Parcel { readonly bytes: Buffer, readonly records: number, returns: number }

/** Records by their outcome: `sent = accepted + rejected + written + unsettled`. */
export interface LoadCounts {
  sent: number
  accepted: number
  /** Rejected for good: rsyslog would drop them. */
  rejected: number
  /** Given to a connection whose protocol acknowledges nothing. */
  written: number
  /** Came back, and will be sent again. Each time counts. */
  released: number
  modified: number
  /** Sent again because they came back, or because their connection was lost. */
  resent: number
  unsettled: number
}

export interface LoadOptions {
  generator: Generator
  /** The number of addresses. Machine `i` sends to address `i % addresses`, as a configuration would have it. */
  addresses: number
  /** The number of records in all. Default: without end. */
  records?: number
  /** What an address may send now; it may share that with others. Without it, as fast as the peer takes them. */
  bucketOf?: (address: number) => TokenBucket
  /** The records in a message, at most the generator's. */
  recordsPerMessage: number
}

/**
 * The messages to send, for all connections: first those that came back, then new ones. Each record counts in exactly
 * one of accepted, rejected, written and unsettled.
 */
export class Load {
  readonly counts: LoadCounts = { sent: 0, accepted: 0, rejected: 0, written: 0, released: 0, modified: 0, resent: 0, unsettled: 0 }
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

  /** Makes no new message from now on. */
  end (): void {
    this.#ended = true
  }

  /** Whether there is nothing more to send, and nothing in flight. */
  get done (): boolean {
    return this.#exhausted && this.counts.unsettled === 0
  }

  /**
   * The next message for an address, or the milliseconds until the rate allows one. Undefined where no more is to come.
   */
  next (address: number): Parcel | number | undefined {
    const returned = this.#again[address]!.shift()
    if (returned !== undefined) {
      this.counts.resent += returned.records
      return returned
    }
    if (this.#exhausted) return undefined
    const { generator, records = Infinity, bucketOf, recordsPerMessage, addresses } = this.#options
    const size = Math.min(recordsPerMessage, records - this.counts.sent)
    const wait = bucketOf?.(address).take(size) ?? 0
    if (wait > 0) return wait
    const host = this.#turns[address]!
    this.#turns[address] = host + addresses < generator.hosts.length ? host + addresses : address
    const { message: bytes, records: made } = generator.next(size, host)
    this.counts.sent += made
    this.counts.unsettled += made
    return { bytes, records: made, returns: 0 }
  }

  /**
   * Counts the outcome of a message. Returns true where the message must be sent again. The caller then calls
   * `sendAgain`, when it is time.
   */
  settle (parcel: Parcel, outcome: Fate): boolean {
    this.counts[outcome] += parcel.records
    if (outcome === 'released' || outcome === 'modified') {
      parcel.returns++
      return true
    }
    this.counts.unsettled -= parcel.records
    return false
  }

  /** Puts messages at the head of the queue of their address, in order. */
  sendAgain (address: number, parcels: readonly Parcel[]): void {
    this.#again[address]!.unshift(...parcels)
  }

  get #exhausted (): boolean {
    return this.#ended || this.counts.sent >= (this.#options.records ?? Infinity)
  }
}
