export interface Reconciliation {
  /** Lines outside quarantine that hold the marker and a number. */
  matched: number
  /** The different numbers below `expected` among them. */
  distinct: number
  /** Lines that repeat a number already counted. */
  repeated: number
  /**
   * The numbers of 0 ... expected - 1 that are neither in a stream nor in quarantine: how many, and the first of them.
   */
  missing: number
  firstMissing: number[]
  /** Lines whose number is `expected` or more. */
  unexpected: number
  /**
   * The entries of quarantine streams, whatever they hold, and the different numbers below `expected` that only these
   * streams have.
   */
  quarantined: number
  quarantinedIds: number
}

const stored = 1
const quarantined = 2

/**
 * Counts which of the numbers 0 ... n a set of lines has, with one byte a number. Numbers above 2^28 count as
 * unexpected.
 */
export class IdTally {
  #seen = new Uint8Array(1024)
  #matched = 0
  #repeated = 0
  #quarantined = 0
  #beyond = 0

  addQuarantined (): void {
    this.#quarantined++
  }

  /** A line has the number `id`. The line's stream is an ordinary one, or a quarantine stream. */
  add (id: number, inQuarantine: boolean): void {
    if (!inQuarantine) this.#matched++
    if (id >= 0x10000000) {
      if (!inQuarantine) this.#beyond++
      return
    }
    if (id >= this.#seen.length) {
      const wider = new Uint8Array(2 ** Math.ceil(Math.log2(id + 1)))
      wider.set(this.#seen)
      this.#seen = wider
    }
    const before = this.#seen[id]!
    if (inQuarantine) this.#seen[id] = before | quarantined
    else {
      if ((before & stored) !== 0) this.#repeated++
      this.#seen[id] = before | stored
    }
  }

  copy (): IdTally {
    const copy = new IdTally()
    copy.#seen = this.#seen.slice()
    copy.#matched = this.#matched
    copy.#repeated = this.#repeated
    copy.#quarantined = this.#quarantined
    copy.#beyond = this.#beyond
    return copy
  }

  /** The sums for the numbers 0 ... expected - 1. Without `expected`, up to the largest number seen. */
  result (expected?: number): Reconciliation {
    const seen = this.#seen
    let count = expected ?? seen.length
    if (expected === undefined) while (count > 0 && seen[count - 1] === 0) count--
    let distinct = 0
    let missing = 0
    let quarantinedIds = 0
    let unexpected = this.#beyond
    const firstMissing: number[] = []
    for (let id = 0; id < count; id++) {
      const state = id < seen.length ? seen[id]! : 0
      if ((state & stored) !== 0) distinct++
      else if (state === quarantined) quarantinedIds++
      else {
        missing++
        if (firstMissing.length < 10) firstMissing.push(id)
      }
    }
    for (let id = count; id < seen.length; id++) if ((seen[id]! & stored) !== 0) unexpected++
    return {
      matched: this.#matched,
      distinct,
      repeated: this.#repeated,
      missing,
      firstMissing,
      unexpected,
      quarantined: this.#quarantined,
      quarantinedIds
    }
  }
}
