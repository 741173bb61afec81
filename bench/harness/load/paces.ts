import { HostsPace } from './hosts-pace.ts'
import type { Pace, PaceOptions } from './pace.ts'
import { Senders } from './senders.ts'

/** `ring`: more than are ever unsettled. */
export function createPace (
  options: PaceOptions, pool: { hosts: number, recordsPerMessage: number, messages: number }, now: number, ring: number
): Pace {
  const { rate, senders } = { rate: undefined, senders: undefined, ...options }
  const perMs = rate === undefined ? Infinity : rate / pool.recordsPerMessage / 1000
  if (senders === undefined) return new Steady(perMs, pool.messages, now)
  const all = new Senders(senders, pool, ring)
  return rate === undefined ? new Waiting(all) : new HostsPace(all, perMs, now)
}

/** Sends messages of all hosts in turn, so many a millisecond. */
class Steady implements Pace {
  readonly #perMs: number
  readonly #messages: number
  readonly #start: number
  #sent = 0

  constructor (perMs: number, messages: number, now: number) {
    this.#perMs = perMs
    this.#messages = messages
    this.#start = now
  }

  next (now: number): number {
    if (this.#perMs !== Infinity && this.#sent >= this.due(now)) return -1
    return this.#sent++ % this.#messages
  }

  settled (): void {}

  due (now: number): number {
    return this.#perMs === Infinity ? this.#sent : Math.floor((now - this.#start) * this.#perMs)
  }
}

/** Each sender sends a message after the one before is settled. */
class Waiting implements Pace {
  readonly #senders: Senders
  #sent = 0

  constructor (senders: Senders) {
    this.#senders = senders
    for (let sender = 0; sender < senders.count; sender++) senders.ready(sender)
  }

  next (): number {
    const sender = this.#senders.take()
    if (sender === undefined) return -1
    this.#sent++
    return this.#senders.send(sender)
  }

  settled (count: number): void {
    this.#senders.ready(this.#senders.senderOf(count))
  }

  due (): number {
    return this.#sent
  }
}
