import { RECORD_COST } from '../delivery/syslog-delivery.ts'

/** What a record costs beside its bytes, kept to be recognised. */
export const HELD_COST = RECORD_COST + 128

/** A connection, as the records know it that have come over it. */
export interface Carrier {
  /** The record is stored, and this connection answers it. */
  stored (held: Held): void
  /** A record that this connection has repeated is stored. */
  repeatedStored (): void
  /** The record was this connection's, and is answered over another one. */
  answeredElsewhere (held: Held): void
}

/** A record that was received and is not answered. Its bytes are kept, so that it is recognised when it comes again. */
export interface Held {
  /** The delivery that the record came in, whose `[start, end)` it is. Its records share it. */
  message: Buffer
  readonly start: number
  readonly end: number
  stored: boolean
  /** Who answers it, and the number that it has there. */
  owner: Carrier
  txnr: number
  /** Who has repeated it last, as long as that may be chance. */
  repeater: Carrier | undefined
}

export function markStored (held: Held): void {
  held.stored = true
  held.owner.stored(held)
  held.repeater?.repeatedStored()
}

export function isSame (held: Held | undefined, bytes: Buffer, from: number, to: number): boolean {
  if (held === undefined) return false
  const { message, start, end } = held
  return end - start === to - from && message.compare(bytes, from, to, start, end) === 0
}

export function heldCost (all: Iterable<Held>): number {
  let cost = 0
  for (const { start, end } of all) cost += HELD_COST + end - start
  return cost
}
