/**
 * The way back of a batch: made when its parts are known, it travels with them and resolves exactly once, when the last of them is
 * stored (or lies in quarantine). There is no failure to report: a part that cannot be stored yet is tried again for as long as it
 * takes, and what is given up at the end of the process is left unsettled, so that the bus delivers it elsewhere.
 */
export class Ticket {
  #open: number
  readonly #resolve: () => void

  /** `parts` may be 0: a batch in which there was nothing to store is done at once. */
  constructor (parts: number, resolve: () => void) {
    this.#open = parts
    this.#resolve = resolve
    if (parts === 0) resolve()
  }

  /** A part was replaced by `parts` others; by none, where it is done with. */
  split (parts: number): void {
    this.#assertOpen()
    this.#open += parts
    this.resolvePart()
  }

  resolvePart (): void {
    this.#assertOpen()
    if (--this.#open === 0) this.#resolve()
  }

  #assertOpen (): void {
    if (this.#open <= 0) throw new Error('a ticket was resolved twice')
  }
}
