import type { Receiver } from 'rhea'
import { type FrameWriter, frames, linkCounters, message, remoteAttach } from './rhea.ts'
import { DELIVERY_BYTES, maxMessageBytes } from './credit.ts'
import { Allowance } from './allowance.ts'
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
  readonly #allowance: Allowance
  next_transfer_id = 0
  /** Written by rhea's session; not used here. */
  max_transfer_id = 0
  #receiver: Receiver | undefined
  /** The link's handle, as the peer numbers it. */
  #handle: number | undefined
  #nextDelivery: number | undefined
  readonly #partial: PartialMessage
  #dispositions: Array<[first: number, last: number]> = []
  #refusing = false

  constructor (options: Options) {
    this.#options = options
    this.#allowance = new Allowance(options.budget)
    this.#partial = new PartialMessage(options.budget.largest)
  }

  /** Begins to give credit to the link. */
  open (receiver: Receiver): void {
    const { handle, initial_delivery_count: count } = remoteAttach(receiver)
    this.#receiver = receiver
    this.#handle = handle
    // Credit counts from the sender's delivery count (spec 2.6.7); rhea takes that for 0.
    linkCounters(receiver).delivery_count = count ?? 0
    this.#allowance.open(receiver)
  }

  /** Frames that the peer may still send. */
  get window (): number {
    return this.#allowance.window
  }

  /** Messages that the peer may still send. */
  get credit (): number {
    return this.#allowance.credit
  }

  /** Takes back the credit that is left. Messages on their way still come. */
  stop (): void {
    this.#allowance.stop()
  }

  /** Gives the peer as much credit as there is room for, if that is worth a frame. */
  grant (): void {
    if (!this.#refusing) this.#allowance.grant(this.#partial.bytes)
  }

  /** Must be called every few seconds, for routers that forget to send. */
  nudge (): void {
    if (!this.#refusing) this.#allowance.nudge(this.#partial.bytes)
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
    this.#allowance.end()
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
    this.next_transfer_id = (this.next_transfer_id + 1) >>> 0
    if (this.#refusing || this.#receiver === undefined) return
    const id = this.#checkId(given)
    const last = !more && !aborted
    this.#allowance.use(aborted ? 0 : payload.length + (last ? DELIVERY_BYTES : 0))
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
