import type { Receiver } from 'rhea'
import { type FrameWriter, frames, linkCounters, message, remoteAttach, requestFlow } from './rhea.ts'
import { creditFor, DELIVERY_BYTES, FRAME_BYTES, leastGrant, maxMessageBytes, shouldGrant } from './credit.ts'
import type { Budget } from '../budget/budget.ts'
import { LokeanError } from '../../errors.ts'
import { PartialMessage } from './partial-message.ts'
import type { Transfer } from './transfer.ts'

/** A transfer frame (spec 2.7.5) as rhea reads it. */
interface TransferFrame {
  performative: { handle: number, delivery_id?: number | null, more?: Flag, aborted?: Flag }
  payload?: Uint8Array
}

/** rhea reads a boolean in its two-byte encoding (0x56) as a number. */
type Flag = boolean | number | null

interface Options {
  budget: Budget
  /** The message is valid until the call returns. `cost` is leased from the budget for it, and must be released. */
  onDelivery: (id: number, message: Uint8Array, cost: number) => void
  /** A delivery is larger than the budget can hold. The link must be detached. */
  onTooLarge: (bytes: number) => void
}

/**
 * The receiving half of an AMQP session that has one link. It replaces rhea's own (`session.incoming`). rhea's decodes
 * each message on the main thread, keeps an object and five closures a delivery, ties the window to the number of
 * deliveries that it has room for, and stalls when the oldest delivery does. This one keeps the next delivery id and
 * the bytes of the current delivery, hands on raw bytes, writes dispositions as ranges, and turns the byte budget into
 * window and credit.
 *
 * rhea's session calls and reads on_begin, on_transfer, on_flow, on_disposition, process, window, next_transfer_id and
 * max_transfer_id. A test replays a real router's bytes through them.
 */
export class ReceivingSession {
  readonly #options: Options
  /**
   * Frames that the peer may still send. rhea writes the number into the begin frame and into flow frames. The begin
   * frame has the most that is ever promised, however full the budget is: skupper-router 3.5 takes it for the session's
   * capacity for good, and sends nothing at all where it is 0. Nothing comes before the link has credit.
   */
  window: number
  next_transfer_id = 0
  /** Written by rhea's session; not used here. */
  max_transfer_id = 0
  /** The most frames that are ever promised. */
  readonly #full: number
  #receiver: Receiver | undefined
  /** The link's handle, as the peer numbers it. */
  #handle: number | undefined
  #stopped = false
  #nextDelivery: number | undefined
  readonly #partial: PartialMessage
  #dispositions: Array<[first: number, last: number]> = []
  #refusing = false

  constructor (options: Options) {
    this.#options = options
    this.#full = creditFor(options.budget.own)
    this.window = Math.max(1, this.#full)
    this.#partial = new PartialMessage(options.budget.largest)
  }

  /** Begins to give credit to the link. */
  open (receiver: Receiver): void {
    const { handle, initial_delivery_count: count } = remoteAttach(receiver)
    this.#receiver = receiver
    this.#handle = handle
    // Credit counts from the sender's delivery count (spec 2.6.7); rhea takes that for 0.
    linkCounters(receiver).delivery_count = count ?? 0
    this.window = 0
    this.grant()
  }

  /** Messages that the peer may still send. */
  get credit (): number {
    return this.#receiver === undefined ? 0 : linkCounters(this.#receiver).credit
  }

  /** Takes back the credit that is left. Messages on their way still come. */
  stop (): void {
    const receiver = this.#receiver
    this.#stopped = true
    if (receiver === undefined) return
    linkCounters(receiver).credit = 0
    requestFlow(receiver)
  }

  /** Gives the peer as much credit as there is room for, if that is worth a frame. */
  grant (): void {
    const receiver = this.#receiver
    if (receiver === undefined || this.#stopped || this.#refusing) return
    const { budget } = this.#options
    const link = linkCounters(receiver)
    const outstanding = Math.min(this.window, link.credit)
    if (outstanding > this.#full / 2) return
    const possible = this.#possible()
    if (shouldGrant(outstanding, possible, leastGrant(budget.own, this.#partial.bytes > 0))) {
      budget.promise(possible * FRAME_BYTES)
      this.window = link.credit = possible
      requestFlow(receiver)
    } else if (outstanding === 0) budget.wait()
  }

  /** The frames that the budget has room for. A message that has come in part may borrow room. */
  #possible (): number {
    const { budget } = this.#options
    const possible = creditFor(budget.room)
    const inPart = this.#partial.bytes
    return possible === 0 && inPart > 0 && budget.borrow(inPart) ? creditFor(budget.room) : possible
  }

  /** The dispositions are written when rhea next processes the session, with all others of this tick. */
  settle (ranges: Array<[first: number, last: number]>): void {
    this.#dispositions.push(...ranges)
  }

  /** Gives up a delivery that has come in part. Its bytes are released here, because it will never be settled. */
  abandon (): void {
    this.#options.budget.release(this.#partial.bytes)
    this.#options.budget.finish()
    this.#partial.clear()
  }

  /** Ignores all further frames of the link. */
  close (): void {
    this.#refusing = true
    this.abandon()
    this.#options.budget.promise(0)
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

  /** rhea calls this for transfers that `transferred` in connection.ts leaves to it. */
  on_transfer ({ performative, payload }: TransferFrame): void {
    const { handle, delivery_id: id, more, aborted } = performative
    if (this.#handle !== undefined && handle !== this.#handle) {
      const text = `the bus sent over a link of its own what no credit was given for (handle ${handle})`
      throw new LokeanError('LOKEAN_BUS', text, { retryable: true })
    }
    const flags = { more: Boolean(more), aborted: Boolean(aborted) }
    this.transfer({ channel: 0, handle, id: id ?? undefined, ...flags, payload: payload ?? Buffer.alloc(0) })
  }

  /** Whether transfers with this handle are the link's. */
  takes (handle: number): boolean {
    return this.#handle === handle
  }

  /** The payload is valid until the call returns. */
  transfer ({ id: given, more, aborted, payload }: Transfer): void {
    const promised = this.window > 0
    this.next_transfer_id = (this.next_transfer_id + 1) >>> 0
    this.window = Math.max(0, this.window - 1)
    if (this.#refusing || this.#receiver === undefined) return
    const id = this.#checkId(given)
    const last = !more && !aborted
    this.#take(aborted ? 0 : payload.length + (last ? DELIVERY_BYTES : 0), promised)
    if (more && !aborted) {
      this.#partial.add(payload)
      if (this.#partial.bytes > maxMessageBytes(this.#options.budget.largest)) return this.#refuse()
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

  /** rhea calls this when the session, whose half this is, may write. */
  process (session: FrameWriter): void {
    if (this.#dispositions.length === 0) return
    const ranges = this.#dispositions
    this.#dispositions = []
    const state = message.accepted().described()
    for (const [first, last] of ranges) {
      session.output(frames.disposition({ role: true, first, last, settled: true, state }))
    }
  }

  /**
   * Leases the bytes of a frame in the place of what was promised for it, which is room for a whole frame. Where a bus
   * exceeds the window or the frame size, there may be room for that, too.
   */
  #take (bytes: number, promised: boolean): void {
    const { budget } = this.#options
    const within = promised && bytes <= FRAME_BYTES
    if (!within && bytes > budget.room) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent more on ${budget.address} than it was allowed to`, { retryable: true })
    }
    budget.lease(bytes, this.window * FRAME_BYTES)
  }

  #complete (id: number, last: Uint8Array): void {
    const inPart = this.#partial.bytes > 0
    const message = inPart ? this.#partial.join(last) : last
    const { budget, onDelivery } = this.#options
    const cost = message.length + DELIVERY_BYTES
    try {
      onDelivery(id, message, cost)
    } catch (error) {
      // No memory for the delivery, for instance. The connection ends, the delivery stays unsettled, and nobody else
      // would release its cost.
      this.#partial.clear()
      budget.release(cost)
      throw error
    }
    if (!inPart) return
    this.#partial.clear()
    budget.finish()
  }

  /** Ids count up by one within a session. A frame that continues a delivery may omit the id (spec 2.7.5). */
  #checkId (id: number | null | undefined): number {
    this.#nextDelivery ??= id ?? undefined
    if (this.#nextDelivery === undefined || (id !== undefined && id !== null && id !== this.#nextDelivery)) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent delivery ${id} where ${this.#nextDelivery} had to come`, { retryable: true })
    }
    return this.#nextDelivery
  }

  #refuse (): void {
    this.#refusing = true
    const bytes = this.#partial.bytes
    this.abandon()
    this.#options.onTooLarge(bytes)
  }
}
