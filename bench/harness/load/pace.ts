/** When which message is sent. `next` has no effect but to count: what it names is sent. */
export interface Pace {
  /** Index into the pool of a message that may be sent now, or -1. `now` in milliseconds. */
  next (now: number): number
  /** The delivery that was the `count`-th of `next` is settled. */
  settled (count: number): void
  /** Messages that should have been sent by now. */
  due (now: number): number
}

export type PaceOptions =
  /** Records a second. */
  | { rate: number }
  /** So many, each with one message on its way. */
  | { senders: number }
  /** As fast as the peer takes them. */
  | Record<string, never>

export function createPace (options: PaceOptions, pool: { hosts: number, recordsPerMessage: number, messages: number }, now: number, ring: number): Pace {
  if ('rate' in options && options.rate !== undefined) return new Steady(options.rate / pool.recordsPerMessage / 1000, pool.messages, now)
  if ('senders' in options && options.senders !== undefined) return new Waiting(options.senders, pool.hosts, pool.messages, ring)
  return new Steady(Infinity, pool.messages, now)
}

/** Messages of all hosts in turn, so many a millisecond. */
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

/** Sender `i` is host `i % hosts`: it sends the messages of that host in turn, and the next one when the last one is settled. */
class Waiting implements Pace {
  readonly #messages: number
  readonly #hosts: number
  /** Who may send, in the order of their settlements: a ring with room for all. */
  readonly #ready: Int32Array
  #head = 0
  #tail = 0
  readonly #turn: Int32Array
  readonly #senderOf: Int32Array
  #sent = 0

  constructor (senders: number, hosts: number, messages: number, ring: number) {
    this.#messages = messages
    this.#hosts = hosts
    this.#ready = new Int32Array(senders + 1)
    this.#turn = Int32Array.from({ length: senders }, (_, sender) => sender % hosts)
    this.#senderOf = new Int32Array(ring)
    for (let sender = 0; sender < senders; sender++) this.#ready[this.#tail++] = sender
  }

  next (): number {
    if (this.#head === this.#tail) return -1
    const sender = this.#ready[this.#head]
    this.#head = (this.#head + 1) % this.#ready.length
    this.#senderOf[this.#sent++ % this.#senderOf.length] = sender
    const message = this.#turn[sender]
    this.#turn[sender] = (message + this.#hosts) % this.#messages
    return message
  }

  settled (count: number): void {
    this.#ready[this.#tail] = this.#senderOf[count % this.#senderOf.length]
    this.#tail = (this.#tail + 1) % this.#ready.length
  }

  due (): number {
    return this.#sent
  }
}
