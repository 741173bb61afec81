/** Decides when each message is sent. A message that `next` returns must be sent, because `next` counts it. */
export interface Pace {
  /** Returns the pool index of a message that may be sent now, or -1. `now` is in milliseconds. */
  next (now: number): number
  /** The message of the `count`-th call of `next` is settled. */
  settled (count: number): void
  /** Returns how many messages should have been sent by now. */
  due (now: number): number
}

export type PaceOptions =
  /** Records a second. */
  | { rate: number }
  /** So many senders, each with one unsettled message. */
  | { senders: number }
  /** As fast as the peer takes them. */
  | Record<string, never>

export function createPace (
  options: PaceOptions, pool: { hosts: number, recordsPerMessage: number, messages: number }, now: number, ring: number
): Pace {
  if ('rate' in options && options.rate !== undefined) return new Steady(options.rate / pool.recordsPerMessage / 1000, pool.messages, now)
  if ('senders' in options && options.senders !== undefined) return new Waiting(options.senders, pool.hosts, pool.messages, ring)
  return new Steady(Infinity, pool.messages, now)
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

/** Sender `i` is host `i % hosts`. It sends the messages of that host in turn, each after the one before is settled. */
class Waiting implements Pace {
  readonly #messages: number
  readonly #hosts: number
  /** The senders that may send, in the order of their settlements. The ring has room for all. */
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
