/** So many different times are known at once. Who writes whole seconds has few. Those of microseconds seldom meet. */
const PLACES = 64
/** A time and what may stand in front of it is not longer. */
const MOST_TIME_BYTES = 64

const BLANK = 0x20
const COLON = 0x3a
const COMMA = 0x2c
const BRACE = 0x7b
const LESS = 0x3c
const GREATER = 0x3e

/**
 * Counts the records of a connection whose times are written the same. A record is a message of its own there, and
 * RHOSO writes whole seconds: without the count, Loki would take two equal ones for one, and would not know their
 * order. The count is part of the delivery, so that whatever becomes of it, a record gets the same time.
 *
 * What is counted is the text of a header up to the first blank behind a colon (`Nov 27 10:00:00 `), the priority left
 * out; of JSON, up to the first comma. So records of other streams count too, which does no harm. A time is forgotten
 * when another one takes its place.
 */
export class EqualTimes {
  #hashes: Int32Array | undefined
  #counts = new Uint32Array()

  /** How many records with the time of this one came before. 0 where none is found. */
  count (bytes: Uint8Array, start: number, end: number): number {
    const hash = timeHash(bytes, start, end)
    if (hash === 0) return 0
    if (this.#hashes === undefined) {
      this.#hashes = new Int32Array(PLACES)
      this.#counts = new Uint32Array(PLACES)
    }
    const place = (hash ^ hash >>> 16) & (PLACES - 1)
    const count = this.#hashes[place] === hash ? (this.#counts[place] ?? 0) + 1 : 0
    this.#hashes[place] = hash
    this.#counts[place] = count
    return count
  }

  /** The next record is the first. */
  forget (): void {
    this.#hashes?.fill(0)
  }
}

/** 0 where the record shows no time. */
function timeHash (bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + MOST_TIME_BYTES)
  let at = start
  if (bytes[at] === LESS) {
    while (at < limit && bytes[at] !== GREATER) at++
    at++
  }
  const last = bytes[at] === BRACE ? COMMA : BLANK
  let colon = false
  let hash = 0x811c9dc5
  for (; at < limit; at++) {
    const byte = bytes[at] ?? 0
    if (byte === last && colon) return hash | 1
    if (byte === COLON) colon = true
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return 0
}
