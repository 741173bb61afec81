/**
 * Counts the parts of a batch that are not resolved yet. A part is resolved when its records are in Loki, quarantine
 * included, or in a dead-letter file. A ticket is made when the parts are known, and travels with them. It resolves
 * exactly once, with the last part. It has no way to report a failure: a part that cannot be stored yet is tried again
 * for as long as it takes. Where the process ends before that, the deliveries of the batch stay unsettled: the bus
 * delivers them again, and datagrams are lost.
 */
export class Ticket {
  #open: number
  readonly #resolve: () => void

  /** `parts` may be 0: a batch with nothing to store resolves at once. */
  constructor (parts: number, resolve: () => void) {
    this.#open = parts
    this.#resolve = resolve
    if (parts === 0) resolve()
  }

  /** A part is replaced by `parts` others. 0 where no record of it has to be stored any more. */
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
