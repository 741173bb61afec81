import type { Receiver } from 'rhea'
import { LokeanError } from '../../errors.ts'
import type { Budget } from '../budget/budget.ts'
import { creditFor, FRAME_BYTES, leastGrant, shouldGrant } from './credit.ts'
import { linkCounters, requestFlow } from './rhea.ts'

/**
 * What the peer may still send: frames of the session (window), and messages of its one link (credit). The budget has
 * promised room for it.
 */
export class Allowance {
  /**
   * rhea writes the number into the begin frame and into flow frames. The begin frame has the most that is ever
   * promised, however full the budget is: skupper-router 3.5 takes it for the session's capacity for good, and sends
   * nothing at all where it is 0. Nothing comes before the link has credit.
   */
  window: number
  readonly #budget: Budget
  /** The most frames that are ever promised. */
  readonly #full: number
  #receiver: Receiver | undefined
  #stopped = false
  /** Frames that have come so far, now and when `nudge` last looked. */
  #frames = 0
  #framesBefore = 0

  constructor (budget: Budget) {
    this.#budget = budget
    this.#full = creditFor(budget.own)
    this.window = Math.max(1, this.#full)
  }

  open (receiver: Receiver): void {
    this.#receiver = receiver
    this.window = 0
    this.grant(0)
  }

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

  /** Nothing comes any more. */
  end (): void {
    this.#stopped = true
    this.#budget.promise(0)
  }

  /**
   * A frame has come. Leases `cost` in the place of what was promised for it, which is room for a whole frame. Where a
   * bus exceeds the window or the frame size, there may be room for that, too.
   */
  use (cost: number): void {
    const within = this.window > 0 && cost <= FRAME_BYTES
    this.#frames++
    if (this.window > 0) this.window--
    if (!within && cost > this.#budget.room) {
      throw new LokeanError('LOKEAN_BUS', `the bus sent more on ${this.#budget.address} than it was allowed to`, { retryable: true })
    }
    this.#budget.lease(cost, this.window * FRAME_BYTES)
  }

  /**
   * Gives the peer as much as there is room for, if that is worth a frame. `inPart` bytes of a message have come whose
   * rest has not.
   */
  grant (inPart: number): void {
    const receiver = this.#receiver
    if (receiver === undefined || this.#stopped) return
    const outstanding = this.#outstanding(receiver)
    if (outstanding > this.#full / 2) return
    const possible = this.#possible(inPart)
    if (shouldGrant(outstanding, possible, leastGrant(this.#budget.own, inPart > 0))) {
      this.#budget.promise(possible * FRAME_BYTES)
      this.#say(receiver, possible)
    } else if (outstanding === 0) this.#budget.wait()
  }

  /**
   * Must be called every few seconds. Proton 0.37, and so qdrouterd 1.19, may stop for good where a window was used up:
   * only a flow with more credit than the last one makes it go on. So where nothing has come since the last call, and
   * all that came is settled, the peer is told of one credit less, and the next time of all again. What was promised
   * stays promised.
   */
  nudge (inPart: number): void {
    const quiet = this.#frames === this.#framesBefore
    this.#framesBefore = this.#frames
    const receiver = this.#receiver
    if (!quiet || receiver === undefined || this.#stopped || this.#budget.used > inPart) return
    const possible = this.#possible(inPart)
    // With one credit there is none less but 0, which would stop the bus.
    if (possible < 2) return
    this.#budget.promise(possible * FRAME_BYTES)
    this.#say(receiver, this.#outstanding(receiver) < possible ? possible : possible - 1)
  }

  #outstanding (receiver: Receiver): number {
    return Math.min(this.window, linkCounters(receiver).credit)
  }

  /** The frames that the budget has room for. A message that has come in part may borrow room. */
  #possible (inPart: number): number {
    const possible = creditFor(this.#budget.room)
    return possible === 0 && inPart > 0 && this.#budget.borrow(inPart) ? creditFor(this.#budget.room) : possible
  }

  #say (receiver: Receiver, frames: number): void {
    this.window = linkCounters(receiver).credit = frames
    requestFlow(receiver)
  }
}
