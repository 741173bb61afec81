/** A load has fallen where so many of it would make the highest one. */
const FALL = 8
/** What fewer bytes took is not worth the work of giving it back. */
const LEAST_BYTES = 2 ** 20

/**
 * Tells when a load has fallen, so that what was taken for it can go back to the machine. It compares one period with
 * another; the caller ends them, all after the same time.
 *
 *     low --(a period with LEAST_BYTES)--> high, with the most bytes of a period so far
 *      ^                                    |
 *      '----(a period with an eighth)-------'  fallen
 *
 * A load that stays as it is, or swings less than that, has never fallen.
 */
export class LoadFall {
  #bytes = 0
  #most = 0

  add (bytes: number): void {
    this.#bytes += bytes
  }

  /** Whether the load has fallen in the period that ends now. */
  endPeriod (): boolean {
    const bytes = this.#bytes
    const fallen = this.#most >= LEAST_BYTES && bytes * FALL <= this.#most
    this.#most = fallen ? bytes : Math.max(this.#most, bytes)
    this.#bytes = 0
    return fallen
  }
}
