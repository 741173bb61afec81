import { type Held, isSame, type Repeater } from './held.ts'
import type { Predecessor, Resends } from './resends.ts'

interface Candidate<Sender> { sender: Sender, held: Held[] }

/**
 * Tells whether a connection begins with what another one has left unanswered. A sender (librelp) does so when it gave
 * that one up: all of it, in order, and then what is new.
 *
 *     undecided --(the first record is nobody's first)--> decided: it is new
 *         `--(it is)--> matching --(a record is not the next one)--> decided: all that waits is taken back, as new
 *                          `--(all of one's records have come)--> decided: they are recognised
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
export class Recognition<Sender extends Predecessor> {
  readonly #resends: Resends<Sender>
  readonly #repeater: Repeater
  #candidates: Array<Candidate<Sender>> | undefined
  #count = 0
  decided = false
  /** What this connection has repeated and has no answer to. */
  matched: Held[] = []
  /** Whose records have all come again. */
  found: Sender | undefined

  constructor (resends: Resends<Sender>, repeater: Repeater) {
    this.#resends = resends
    this.#repeater = repeater
  }

  /** Whether the record is the next one of a sender that may have gone. */
  matches (bytes: Buffer, start: number, end: number): boolean {
    if (this.decided) return false
    const at = this.#count
    this.#candidates = this.#candidates?.filter(({ sender, held }) => {
      const next = held[at]
      return this.#resends.has(sender) && next !== undefined && isSame(next, bytes, start, end)
    }) ?? this.#resends.beginningWith(bytes, start, end).map(sender => ({ sender, held: [...sender.unanswered.values()] }))
    const next = this.#candidates[0]?.held[at]
    if (next === undefined) {
      this.decided = true
      return false
    }
    next.repeaters = [...next.repeaters ?? [], this.#repeater]
    this.matched.push(next)
    this.#count++
    const whole = this.#candidates.find(candidate => isWhole(candidate, this.#count))
    if (whole !== undefined) this.#find(whole)
    return true
  }

  #find ({ sender, held }: Candidate<Sender>): void {
    this.decided = true
    this.matched = held.slice(-this.matched.length)
    this.found = sender
  }
}

/** Whether so many records are all. Some more may have been read from the other connection meanwhile. */
function isWhole ({ sender, held }: Candidate<Predecessor>, count: number): boolean {
  if (held.length > count) return false
  const last = held[held.length - 1]
  let isBehind = false
  for (const one of sender.unanswered.values()) {
    if (isBehind) held.push(one)
    isBehind ||= one === last
  }
  return held.length === count
}
