import type { SenderConnection } from './connection.ts'

/** A connection may always hold so much, where there is room. */
const LEAST = 256 * 1024
/** The cost of a frame beside its bytes, at most. */
const FRAME_COST = 1024
/** Who has delivered something within this period, or the one before, is active. */
const PERIOD_MS = 10_000

/**
 * What a connection may hold unsettled: the limit of the address, divided by the connections that are active or hold
 * something, but not less than LEAST. So one that sends at full rate leaves room to the quiet ones, and what it sends
 * is not ahead of theirs by more than its share.
 */
export class Shares {
  readonly #least: number
  #holders = 0
  #period = 0
  #active = 0
  #wereActive = 0
  #timer: NodeJS.Timeout | undefined

  constructor (maxFrameBytes: number) {
    this.#least = Math.max(LEAST, maxFrameBytes + FRAME_COST)
  }

  start (): void {
    this.#timer = setInterval(() => this.#endPeriod(), PERIOD_MS).unref()
  }

  stop (): void {
    clearInterval(this.#timer)
  }

  of (limit: number): number {
    return Math.max(this.#least, limit / Math.max(1, this.#holders, this.#active, this.#wereActive))
  }

  /** The connection holds the delivery already. */
  delivered (connection: SenderConnection, cost: number): void {
    if (connection.held === cost) this.#holders++
    if (connection.activeIn === this.#period) return
    connection.activeIn = this.#period
    this.#active++
  }

  /** The connection does not hold the delivery any more. */
  settled (connection: SenderConnection): void {
    if (connection.held === 0) this.#holders--
  }

  #endPeriod (): void {
    this.#period++
    this.#wereActive = this.#active
    this.#active = 0
  }
}
