import type { Receiver } from 'rhea'
import { type FrameWriter, frames, linkCounters, message, remoteAttach, requestFlow } from './rhea.ts'
import { creditFor, DELIVERY_BYTES, leastGrant, maxMessageBytes, shouldGrant } from './credit.ts'
import type { Budget } from '../budget.ts'
import { LokeanError } from '../../errors.ts'
import type { Transfer } from './transfer.ts'

/** A transfer frame (spec 2.7.5) as rhea reads it. */
interface TransferFrame {
  performative: { handle: number, delivery_id?: number | null, more?: Flag, aborted?: Flag }
  payload?: Uint8Array
}

/** A boolean in its two-byte encoding (0x56) is a number to rhea. */
type Flag = boolean | number | null

/** Bytes of the buffer in which a delivery of several frames is put together: at the least, and the most that is kept for the next one. */
const MIN_PARTIAL = 256 * 1024
const MAX_PARTIAL_KEPT = 2 * 1024 * 1024

interface Options {
  budget: Budget
  /** The message is only valid until it returns. `cost`: what was taken from the budget for it, to be given back in time. */
  onDelivery: (id: number, message: Uint8Array, cost: number) => void
  /** A delivery grew beyond what the budget can hold: the link must be detached. */
  onTooLarge: (bytes: number) => void
}

/**
 * The receiving half of an AMQP session that has one link, in the place of rhea's own (`session.incoming`). rhea's decodes each
 * message on the main thread, keeps an object and five closures a delivery, cannot tell the window from the number of deliveries
 * it has room for, and stalls when the oldest delivery does. This one keeps the next delivery id and the bytes of the delivery
 * at hand, hands on raw bytes, writes dispositions as ranges, and turns the byte budget into window and credit.
 *
 * Pinned to rhea's internals: on_begin, on_transfer, on_flow, on_disposition, process, window, next_transfer_id and
 * max_transfer_id are what its session calls and reads. A test replays a real router's bytes through it.
 */
export class ReceivingSession {
  readonly #options: Options
  /**
   * Frames that the peer may still send; rhea writes it into the begin frame and into flow frames. The begin frame says
   * what the whole budget would hold, whatever is free of it: skupper-router 3.5 takes that for the session's capacity for
   * good, and sends nothing at all where it is 0. Without credit on the link nothing comes all the same.
   */
  window: number
  next_transfer_id = 0
  /** Written by rhea's session; not used here. */
  max_transfer_id = 0
  #receiver: Receiver | undefined
  /** Of the link, as the peer numbers it. */
  #handle: number | undefined
  #stopped = false
  #nextDelivery: number | undefined
  /** What has come of a delivery whose last frame has not. */
  #partial = Buffer.alloc(0)
  #partialBytes = 0
  #dispositions: Array<[first: number, last: number]> = []
  #refusing = false

  constructor (options: Options) {
    this.#options = options
    this.window = Math.max(1, creditFor(options.budget.limit))
  }

  /** The link whose messages these are. From here on credit is given. */
  open (receiver: Receiver): void {
    const { handle, initial_delivery_count: count } = remoteAttach(receiver)
    this.#receiver = receiver
    this.#handle = handle
    // Credit is counted from where the sender starts (spec 2.6.7); rhea takes that for 0.
    linkCounters(receiver).delivery_count = count ?? 0
    this.grant()
  }

  /** Messages that the peer may still send. */
  get credit (): number {
    return this.#receiver === undefined ? 0 : linkCounters(this.#receiver).credit
  }

  /** Takes back what credit is left; what is already on its way still comes. */
  stop (): void {
    const receiver = this.#receiver
    this.#stopped = true
    if (receiver === undefined) return
    linkCounters(receiver).credit = 0
    requestFlow(receiver)
  }

  /** Gives the peer as much as there is room for, if that is worth a frame. */
  grant (): void {
    const receiver = this.#receiver
    if (receiver === undefined || this.#stopped || this.#refusing) return
    const { limit, room } = this.#options.budget
    const possible = creditFor(room)
    if (!shouldGrant(Math.min(this.window, linkCounters(receiver).credit), possible, leastGrant(limit, this.#partialBytes > 0))) return
    this.window = possible
    linkCounters(receiver).credit = possible
    requestFlow(receiver)
  }

  /** Written, with whatever else this tick brings, when rhea next processes the session. */
  settle (ranges: Array<[first: number, last: number]>): void {
    this.#dispositions.push(...ranges)
  }

  /** Bytes of a delivery of which only a part has come: they never will be settled once the link is gone. */
  abandon (): void {
    this.#options.budget.release(this.#partialBytes)
    this.#partialBytes = 0
    this.#shrink()
  }

  /** Nothing that still comes counts: the link is gone for us. */
  close (): void {
    this.#refusing = true
    this.abandon()
  }

  on_begin (fields: { next_outgoing_id: number }): void {
    this.next_transfer_id = fields.next_outgoing_id
  }

  on_flow (fields: { next_outgoing_id: number }): void {
    this.next_transfer_id = fields.next_outgoing_id
  }

  on_disposition (): void {
    // A sender that settles first changes nothing: the records are stored all the same.
  }

  /** Those that transferred() (connection.ts) leaves to rhea. */
  on_transfer ({ performative, payload }: TransferFrame): void {
    const { handle, delivery_id: id, more, aborted } = performative
    if (this.#handle !== undefined && handle !== this.#handle) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent over a link of its own what no credit was given for (handle ${handle})`, { retryable: true })
    }
    this.transfer({ channel: 0, handle, id: id ?? undefined, more: Boolean(more), aborted: Boolean(aborted), payload: payload ?? Buffer.alloc(0) })
  }

  /** Whether transfers with this handle are the link's. */
  takes (handle: number): boolean {
    return this.#handle === handle
  }

  /** The payload is copied where it is needed beyond the call. */
  transfer ({ id: given, more, aborted, payload }: Transfer): void {
    this.next_transfer_id = (this.next_transfer_id + 1) >>> 0
    this.window = Math.max(0, this.window - 1)
    if (this.#refusing || this.#receiver === undefined) return
    const id = this.#checkId(given)
    if (!aborted) this.#take(payload)
    if (more && !aborted) {
      this.#keep(payload)
      if (this.#partialBytes > maxMessageBytes(this.#options.budget.limit)) return this.#refuse()
      return this.grant()
    }
    this.#nextDelivery = (id + 1) >>> 0
    const link = linkCounters(this.#receiver)
    link.credit = Math.max(0, link.credit - 1)
    link.delivery_count = (link.delivery_count + 1) >>> 0
    if (aborted) this.abandon()
    else this.#complete(id, payload)
    this.grant()
  }

  /** rhea's turn to write: `session` is the one this is the half of. */
  process (session: FrameWriter): void {
    if (this.#dispositions.length === 0) return
    const ranges = this.#dispositions
    this.#dispositions = []
    const state = message.accepted().described()
    for (const [first, last] of ranges) {
      session.output(frames.disposition({ role: true, first, last, settled: true, state }))
    }
  }

  /** The window leaves room for a whole frame each, so only a bus that does not keep to it, or to the size of a frame, fails here. */
  #take (payload: Uint8Array): void {
    const { budget } = this.#options
    if (payload.length + DELIVERY_BYTES > budget.room) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent more on ${budget.address} than it was allowed to`, { retryable: true })
    }
    budget.lease(payload.length)
  }

  /** It lies in the socket's buffer, which the next read overwrites. Its place is used again for the next delivery, but not for ever held large. */
  #keep (payload: Uint8Array): void {
    const length = this.#partialBytes + payload.length
    if (length > this.#partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, MIN_PARTIAL, Math.min(2 * length, this.#options.budget.limit)))
      this.#partial.copy(larger, 0, 0, this.#partialBytes)
      this.#partial = larger
    }
    this.#partial.set(payload, this.#partialBytes)
    this.#partialBytes = length
  }

  #complete (id: number, last: Uint8Array): void {
    const message = this.#partialBytes === 0 ? last : this.#joined(last)
    const { budget, onDelivery } = this.#options
    const cost = message.length + DELIVERY_BYTES
    budget.lease(DELIVERY_BYTES)
    try {
      onDelivery(id, message, cost)
    } catch (error) {
      // There was no memory for it, say: the connection ends with it unsettled, and nobody else would give back what it took.
      budget.release(cost)
      throw error
    }
    this.#shrink()
  }

  #shrink (): void {
    if (this.#partial.length > MAX_PARTIAL_KEPT) this.#partial = Buffer.alloc(0)
  }

  #joined (last: Uint8Array): Uint8Array {
    this.#keep(last)
    const message = this.#partial.subarray(0, this.#partialBytes)
    this.#partialBytes = 0
    return message
  }

  /** Ids count up by one within a session; a frame that continues a delivery may leave its id out (spec 2.7.5). */
  #checkId (id: number | null | undefined): number {
    this.#nextDelivery ??= id ?? undefined
    if (this.#nextDelivery === undefined || (id !== undefined && id !== null && id !== this.#nextDelivery)) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent delivery ${id} where ${this.#nextDelivery} had to come`, { retryable: true })
    }
    return this.#nextDelivery
  }

  #refuse (): void {
    this.#refusing = true
    const bytes = this.#partialBytes
    this.abandon()
    this.#options.onTooLarge(bytes)
  }
}
