import type { Timestamp } from '../input/timestamp.ts'

/**
 * Times that are taken, each by an owner: a hash table of numbers only. For each, it holds a number of nanoseconds that
 * whoever finds it taken may skip, because all times in between are taken too.
 */
export class TakenTimes {
  /** A place in the arrays behind it, and one more; 0 for none. */
  #slots = new Int32Array(4096)
  #owners = new Int32Array(2048)
  #seconds = new Float64Array(2048)
  #nanos = new Int32Array(2048)
  #steps = new Int32Array(2048)
  #count = 0

  clear (): void {
    if (this.#count > 0) this.#slots.fill(0)
    this.#count = 0
  }

  /** Takes a time, whether it is taken already or not. */
  add (owner: number, seconds: number, nanos: number): void {
    if (this.#count === this.#owners.length) this.#grow()
    const place = this.#count++
    this.#owners[place] = owner
    this.#seconds[place] = seconds
    this.#nanos[place] = nanos
    this.#steps[place] = 1
    this.#insert(place)
  }

  /** Moves `time` on to the first one that is free, and takes it. No way is walked twice: its steps become one. */
  takeFree (owner: number, time: Timestamp): void {
    let place = this.#find(owner, time)
    if (place >= 0) {
      const passed: Array<{ place: number, offset: number }> = []
      let offset = 0
      for (; place >= 0; place = this.#find(owner, time)) {
        passed.push({ place, offset })
        offset += this.#steps[place]!
        time.advance(this.#steps[place]!)
      }
      for (const one of passed) this.#steps[one.place] = offset + 1 - one.offset
    }
    this.add(owner, time.seconds, time.nanos)
  }

  #find (owner: number, { seconds, nanos }: Timestamp): number {
    const slots = this.#slots
    for (let slot = this.#slot(owner, seconds, nanos); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      const place = slots[slot]! - 1
      if (this.#nanos[place] === nanos && this.#seconds[place] === seconds && this.#owners[place] === owner) return place
    }
    return -1
  }

  #insert (place: number): void {
    const slots = this.#slots
    let slot = this.#slot(this.#owners[place]!, this.#seconds[place]!, this.#nanos[place]!)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = place + 1
  }

  #slot (owner: number, seconds: number, nanos: number): number {
    let hash = Math.imul(nanos ^ Math.imul(owner, 0x85ebca6b) ^ Math.imul(seconds | 0, 0xc2b2ae35), 0xcc9e2d51)
    hash ^= hash >>> 15
    return Math.imul(hash, 0x9e3779b1) >>> 8 & (this.#slots.length - 1)
  }

  #grow (): void {
    const size = this.#owners.length * 2
    const larger = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(size)
      to.set(from)
      return to
    }
    this.#owners = larger(this.#owners)
    this.#nanos = larger(this.#nanos)
    this.#steps = larger(this.#steps)
    const seconds = new Float64Array(size)
    seconds.set(this.#seconds)
    this.#seconds = seconds
    this.#slots = new Int32Array(2 * size)
    for (let place = 0; place < this.#count; place++) this.#insert(place)
  }
}
