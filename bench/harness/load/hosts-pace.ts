import { seededRandom } from '../../../src/generator/random.ts'
import type { Pace } from './pace.ts'
import type { Senders } from './senders.ts'

/**
 * Hosts that log at random moments, so many messages a millisecond in all, and send as rsyslog's omamqp1 does: one
 * message, and no other before it is settled. What a host logs meanwhile waits there and goes a message at a time, as
 * with a `queue.dequeueBatchSize` of the records of a message.
 */
export class HostsPace implements Pace {
  dueAt = 0
  readonly #senders: Senders
  readonly #meanMs: number
  readonly #random = seededRandom(1)
  /** When each message that waits on a sender was due. */
  readonly #waiting: number[][]
  readonly #unsettled: boolean[]
  #nextAt: number
  #due = 0

  constructor (senders: Senders, perMs: number, now: number) {
    this.#senders = senders
    this.#meanMs = 1 / perMs
    this.#waiting = Array.from({ length: senders.count }, () => [])
    this.#unsettled = new Array<boolean>(senders.count).fill(false)
    this.#nextAt = now + this.#pauseMs()
  }

  next (now: number): number {
    this.#log(now)
    const sender = this.#senders.take()
    if (sender === undefined) return -1
    this.dueAt = this.#waiting[sender].shift() ?? now
    this.#unsettled[sender] = true
    return this.#senders.send(sender)
  }

  settled (count: number): void {
    const sender = this.#senders.senderOf(count)
    this.#unsettled[sender] = false
    if (this.#waiting[sender].length > 0) this.#senders.ready(sender)
  }

  due (now: number): number {
    this.#log(now)
    return this.#due
  }

  /** Gives every message that is due by now to the sender that it falls to. */
  #log (now: number): void {
    for (; this.#nextAt <= now; this.#nextAt += this.#pauseMs()) {
      const sender = this.#random() % this.#senders.count
      this.#due++
      if (this.#waiting[sender].push(this.#nextAt) === 1 && !this.#unsettled[sender]) this.#senders.ready(sender)
    }
  }

  /** Of independent hosts, the pauses between two messages are distributed exponentially. */
  #pauseMs (): number {
    return -Math.log((this.#random() + 1) / 2 ** 32) * this.#meanMs
  }
}
