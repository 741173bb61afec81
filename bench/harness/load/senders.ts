/**
 * Senders with one unsettled message each. Sender `i` is host `i % hosts`, and sends the messages of that host in turn.
 */
export class Senders {
  readonly count: number
  readonly #hosts: number
  readonly #messages: number
  /** The senders that may send, in the order in which they became ready. The ring has room for all. */
  readonly #ready: Int32Array
  #head = 0
  #tail = 0
  readonly #turn: Int32Array
  readonly #senderOf: Int32Array
  #sent = 0

  /** `ring`: more messages than are ever unsettled. */
  constructor (count: number, { hosts, messages }: { hosts: number, messages: number }, ring: number) {
    this.count = count
    this.#hosts = hosts
    this.#messages = messages
    this.#ready = new Int32Array(count + 1)
    this.#turn = Int32Array.from({ length: count }, (_, sender) => sender % hosts)
    this.#senderOf = new Int32Array(ring)
  }

  /** The sender has something to send, and nothing unsettled. */
  ready (sender: number): void {
    this.#ready[this.#tail] = sender
    this.#tail = (this.#tail + 1) % this.#ready.length
  }

  /** Takes the sender that has been ready for the longest time. */
  take (): number | undefined {
    if (this.#head === this.#tail) return undefined
    const sender = this.#ready[this.#head]
    this.#head = (this.#head + 1) % this.#ready.length
    return sender
  }

  /** Returns the pool index of the sender's next message. */
  send (sender: number): number {
    this.#senderOf[this.#sent++ % this.#senderOf.length] = sender
    const message = this.#turn[sender]
    this.#turn[sender] = (message + this.#hosts) % this.#messages
    return message
  }

  /** Returns who sent the message of the `count`-th call of `send`, while it is unsettled. */
  senderOf (count: number): number {
    return this.#senderOf[count % this.#senderOf.length]
  }
}
