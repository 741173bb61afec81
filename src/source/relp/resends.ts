import { type Held, isSame } from './held.ts'

/** Records of senders that have gone, all stored, are remembered up to so many bytes, and for so long. */
const MOST_REMEMBERED_BYTES = 4 * 2 ** 20
const REMEMBERED_MS = 60_000

/** One connection, as those see it that come after it. */
export interface Predecessor {
  /** In the order in which they came, which is the one in which they come again. */
  readonly unanswered: ReadonlyMap<number, Held>
  /** The connection may have ended, and its sender will send again what is unanswered. */
  readonly mayBeDead: boolean
}

interface Remembered { sender: Predecessor, bytes: number, since: number }

/** The connections of an address whose senders may send again what is unanswered. */
export class Resends<Sender extends Predecessor = Predecessor> {
  readonly #senders = new Set<Sender>()
  readonly #now: () => number
  #remembered: Array<Remembered & { sender: Sender }> = []
  #bytes = 0

  constructor (now = () => performance.now()) {
    this.#now = now
  }

  add (sender: Sender): void {
    this.#senders.add(sender)
  }

  has (sender: Sender): boolean {
    return this.#senders.has(sender)
  }

  delete (sender: Sender): void {
    this.#senders.delete(sender)
  }

  /** The sender has gone, and all is stored that it has no answer to. It may not know yet. */
  remember (sender: Sender): void {
    if (!this.#senders.has(sender)) return
    let bytes = 0
    for (const { start, end } of sender.unanswered.values()) bytes += end - start
    this.#remembered.push({ sender, bytes, since: this.#now() })
    this.#bytes += bytes
    this.#forget()
  }

  /** Those whose first unanswered record this is. */
  beginningWith (bytes: Buffer, start: number, end: number): Sender[] {
    this.#forget()
    const found: Sender[] = []
    for (const sender of this.#senders) {
      const [first] = sender.unanswered.values()
      if (first !== undefined && isSame(first, bytes, start, end) && sender.mayBeDead) found.push(sender)
    }
    return found
  }

  #forget (): void {
    const before = this.#now() - REMEMBERED_MS
    for (let [first] = this.#remembered; first !== undefined; [first] = this.#remembered) {
      if (this.#bytes <= MOST_REMEMBERED_BYTES && first.since >= before) return
      this.#remembered.shift()
      this.#bytes -= first.bytes
      this.#senders.delete(first.sender)
    }
  }
}
