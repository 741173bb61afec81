import type { EqualTimes } from '../delivery/equal-times.ts'
import { LostMessages } from '../delivery/lost-messages.ts'
import type { RelpCounts } from './counts.ts'
import { type Held, heldCost, isSame } from './held.ts'
import { recordKey, type Unanswered } from './unanswered.ts'

/** Stored records of senders that have gone are kept up to this cost, and for so long. */
const MOST_KEPT = 4 * 2 ** 20
const KEPT_MS = 60_000
/** What a sender costs beside its records. */
const SENDER_COST = 2048
/** Of so many records that are not recognised any more, it is known that they may come again. */
const MOST_LOST = 65_536
/** A record that many connections begin with is compared with no more of them. */
const MOST_CANDIDATES = 8

/** One connection, as those see it that come after it. */
export interface Predecessor {
  /** In the order in which they came, which is the one in which they come again. */
  readonly unanswered: Unanswered
  /** The connection may have ended, and its sender will send again what is unanswered. */
  readonly mayBeDead: boolean
  /** Another connection has taken over what it had left unanswered. */
  readonly superseded: boolean
  /** Its records have all come again, and what is not read will. Returns what is counted of their times. */
  surrender (): EqualTimes
}

/** What may come again of one connection: all that it had not answered when the comparison began. */
export interface Candidate {
  readonly sender: Predecessor
  readonly held: Held[]
  readonly cost: number
}

/**
 * The connections of an address whose senders may send again what is unanswered. What is stored has given back its room
 * in the budget; so all that is kept here beyond that is bounded:
 * - what a connection has left unanswered and is stored since: MOST_KEPT, and KEPT_MS
 * - what is being compared: twice what is held unstored when a comparison begins, and MOST_KEPT
 * What is beyond is not recognised, and is stored twice. It is only counted when it comes again.
 */
export class Resends {
  readonly #senders = new Set<Predecessor>()
  readonly #counts: RelpCounts
  readonly #now: () => number
  /** Those that have gone and of which something is stored. What was kept last stands last. */
  readonly #kept = new Map<Predecessor, { cost: number, since: number }>()
  #keptCost = 0
  #comparedCost = 0
  readonly #lost: LostMessages

  constructor (counts: RelpCounts, now: () => number) {
    this.#counts = counts
    this.#now = now
    this.#lost = new LostMessages(MOST_LOST, now)
  }

  add (sender: Predecessor): void {
    this.#senders.add(sender)
  }

  delete (sender: Predecessor): void {
    this.#senders.delete(sender)
    this.#keptCost -= this.#kept.get(sender)?.cost ?? 0
    this.#kept.delete(sender)
  }

  /** The record is stored, and its sender has gone without an answer. Returns whether it is kept. */
  keep (sender: Predecessor, held: Held): boolean {
    if (!this.#senders.has(sender)) return false
    const before = this.#kept.get(sender)?.cost
    const more = heldCost([held]) + (before === undefined ? SENDER_COST : 0)
    this.#kept.delete(sender)
    this.#kept.set(sender, { cost: (before ?? 0) + more, since: this.#now() })
    this.#keptCost += more
    this.#forget()
    return this.#senders.has(sender)
  }

  /** Those whose first unanswered record this is. `release` must be called when they are not compared any more. */
  beginningWith (bytes: Buffer, start: number, end: number): Candidate[] {
    this.#forget()
    const found: Candidate[] = []
    const key = recordKey(bytes, start, end)
    for (const sender of this.#senders) {
      if (!sender.mayBeDead || sender.unanswered.firstKey !== key) continue
      const held = [...sender.unanswered.all()]
      if (!isSame(held[0], bytes, start, end)) continue
      const cost = heldCost(held)
      if (this.#comparedCost + cost > 2 * this.#counts.cost + MOST_KEPT) {
        this.#lost.add(held.map(keyOf))
        continue
      }
      this.#comparedCost += cost
      if (found.push({ sender, held, cost }) === MOST_CANDIDATES) break
    }
    return found
  }

  /** Whether the record, which is not recognised, is one of those that may come again. */
  mayBeAgain (bytes: Buffer, start: number, end: number): boolean {
    return !this.#lost.empty && this.#lost.recognise([recordKey(bytes, start, end)]).length > 0
  }

  release (candidates: readonly Candidate[]): void {
    for (const { cost } of candidates) this.#comparedCost -= cost
  }

  #forget (): void {
    const before = this.#now() - KEPT_MS
    for (const [sender, { since }] of this.#kept) {
      if (this.#keptCost <= MOST_KEPT && since >= before) return
      this.delete(sender)
      this.#lost.add([...sender.unanswered.all()].map(keyOf))
      sender.unanswered.clear()
    }
  }
}

function keyOf ({ message, start, end }: Held): number {
  return recordKey(message, start, end)
}
