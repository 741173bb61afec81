import { Commons, type Sharer } from './commons.ts'

/**
 * The bytes that one address may hold in the process. It holds what came from its sources and is not settled (`used`),
 * and what its senders may send without asking again (`promised`). A budget outlives connections: a delivery of a
 * connection that is gone counts until it is stored or dropped.
 *
 * What is held lies first in the address's own part, then in the pool that all addresses share, and last in the
 * reserve. It leaves them in the opposite order. So:
 * - All addresses together never hold more than all own parts, the pool and the reserve.
 * - No more than the own part is ever promised. An address at rest holds nothing of what is shared, whatever its
 *   senders may send, and an address that others starve of the pool still flows through its own part.
 * - A message that has come in part can always be finished. Where it is all that its address holds, it gets the
 *   reserve; where it is not, the rest is settled first. So an address that Loki blocks does not get the reserve,
 *   unless for its first message. Then the largest message of the others is what their own parts and the pool hold.
 */
export class Budget implements Sharer {
  readonly address: string
  readonly own: number
  /** Called where the address waits, and may have more room now. */
  onRoom: () => void = () => {}
  readonly #commons: Commons
  #used = 0
  #promised = 0
  #pooled = 0
  #borrowed = 0
  #finishing = false

  constructor (address: string, own: number, commons = new Commons(0, 0)) {
    this.address = address
    this.own = own
    this.#commons = commons
  }

  get used (): number {
    return this.#used
  }

  get promised (): number {
    return this.#promised
  }

  /** What one message may take, whatever the other addresses hold. */
  get largest (): number {
    return this.own + this.#commons.reserve
  }

  /** What the address may hold at this moment. */
  get limit (): number {
    return this.#used + this.#promised + this.#growth()
  }

  /** What may be promised at this moment, with what is promised already. */
  get room (): number {
    return Math.min(this.own, this.#promised + this.#growth())
  }

  /** Asks for `onRoom` once, when others have given back what is shared. */
  wait (): void {
    this.#commons.wait(this)
  }

  /** Sets what is promised, within the room. */
  promise (bytes: number): void {
    this.#hold(this.#used, bytes)
  }

  /** Bytes have come. `promised` is what is still promised. */
  lease (bytes: number, promised = this.#promised): void {
    this.#hold(this.#used + bytes, promised)
  }

  release (bytes: number): void {
    if (bytes > this.#used) throw new Error(`budget of ${this.address}: more was released than was leased`)
    this.#hold(this.#used - bytes, this.#promised)
  }

  /**
   * Asks for the reserve, for a message of which `inPart` bytes have come, and whose rest finds no room. Returns
   * whether the address has the reserve.
   */
  borrow (inPart: number): boolean {
    if (this.#used > inPart || !this.#commons.lend(this)) return false
    this.#finishing = true
    return true
  }

  /** The message that has come in part is whole, or given up. */
  finish (): void {
    this.#finishing = false
    this.#endLoan()
  }

  offer (): void {
    this.onRoom()
  }

  moveToPool (): void {
    const moved = Math.min(this.#borrowed, this.#commons.share(this.#pooled))
    this.#commons.take(moved)
    this.#pooled += moved
    this.#borrowed -= moved
    this.#endLoan()
  }

  #growth (): number {
    const own = Math.max(0, this.own - this.#used - this.#promised)
    const reserve = this.#commons.isLentTo(this) ? this.#commons.reserve - this.#borrowed : 0
    return own + this.#commons.share(this.#pooled) + reserve
  }

  #hold (used: number, promised: number): void {
    this.#used = used
    this.#promised = promised
    const beyond = Math.max(0, used + promised - this.own)
    const more = beyond - this.#pooled - this.#borrowed
    if (more > 0) this.#take(more)
    else if (more < 0) this.#giveBack(-more)
  }

  #take (bytes: number): void {
    const pooled = this.#commons.isLentTo(this) ? Math.min(bytes, this.#commons.share(this.#pooled)) : bytes
    this.#commons.take(pooled)
    this.#pooled += pooled
    this.#borrowed += bytes - pooled
  }

  #giveBack (bytes: number): void {
    const lent = Math.min(bytes, this.#borrowed)
    this.#borrowed -= lent
    this.#pooled -= bytes - lent
    this.#commons.giveBack(bytes - lent)
    this.#endLoan()
  }

  #endLoan (): void {
    if (!this.#finishing && this.#borrowed === 0 && this.#commons.isLentTo(this)) this.#commons.returnReserve()
  }
}
