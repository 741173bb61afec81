import { type Carrier, type Held, isSame } from './held.ts'
import type { Candidate, Predecessor, Resends } from './resends.ts'
import { isBehind } from './txnr.ts'

/**
 * Tells whether a connection begins with what another one has left unanswered. A sender (librelp) does so when it gave
 * that one up: all of it, in order, and then what is new.
 *
 *     comparing --(a record is nobody's next one)--> new: what has matched is taken back --> over
 *         `--(all of one's records have come)--> over: they are recognised
 *
 * - Records are compared by their bytes and their order, each with one held record. So two equal ones of one window are
 *   two, here too.
 * - What was compared takes no room: its bytes are those of the held records. `matched` has them, in case they are
 *   taken back, as a beginning may be the same by chance.
 * - While it matches, a record is answered when the held one is stored: some senders send the next one only then.
 * - A connection that dies while it matches changes nothing: what it has repeated is still the other one's.
 * - Nobody's address is looked at: a balancer may give a sender another one each time.
 * - Where the other connection lives, and its sender has sent the same bytes by chance, it is closed, and sends again
 *   what it has no answer to. So no record is lost.
 */
export class Recognition {
  readonly #resends: Resends
  readonly #repeater: Carrier
  /** All with which the comparison began, and those of them that are left. */
  #begun: Candidate[] | undefined
  #candidates: Candidate[] = []
  #count = 0
  /** `new`: what has matched is to be taken back. `over`: there is nothing to compare or to take back. */
  state: 'comparing' | 'new' | 'over' = 'comparing'
  /** What this connection has repeated and has no answer to. */
  matched: Held[] = []

  constructor (resends: Resends, repeater: Carrier) {
    this.#resends = resends
    this.#repeater = repeater
  }

  /** Whether the record is the next one of a sender that may have gone. */
  matches (bytes: Buffer, start: number, end: number): boolean {
    if (this.state !== 'comparing') return false
    const at = this.#count
    if (this.#begun === undefined) this.#candidates = this.#begun = this.#resends.beginningWith(bytes, start, end)
    else this.#candidates = this.#candidates.filter(({ sender, held }) => !sender.superseded && isSame(held[at], bytes, start, end))
    const next = this.#candidates[0]?.held[at]
    if (next === undefined) {
      this.state = 'new'
      return false
    }
    this.#count++
    next.repeater = this.#repeater
    this.matched.push(next)
    return true
  }

  /** Whose records have all come, with those of them that have no answer. The comparison ends with that. */
  found (): { sender: Predecessor, held: Held[] } | undefined {
    const whole = this.#candidates.find(candidate => isWhole(candidate, this.#count))
    if (whole === undefined) return undefined
    const held = whole.held.slice(whole.held.length - this.matched.length)
    this.end()
    return { sender: whole.sender, held }
  }

  /** It is all new. Returns what has matched, which must be taken back, and `end` be called then. */
  takeBack (): Held[] {
    this.state = 'new'
    return this.matched
  }

  end (): void {
    this.state = 'over'
    this.matched = []
    this.#resends.release(this.#begun ?? [])
    this.#begun = this.#candidates = []
  }
}

/** Whether so many records are all. Some more may have been read from the other connection meanwhile. */
function isWhole ({ sender, held }: Candidate, count: number): boolean {
  if (held.length > count) return false
  const last = held[held.length - 1]!
  for (const one of sender.unanswered.all()) if (isBehind(last.txnr, one.txnr)) held.push(one)
  return held.length === count
}
