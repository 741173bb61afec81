/** This much of a connection's memory is not leased from the budget. Each connection may have it. */
export const CARRY_FREE = 8 * 1024
const LEAST = 512

/** Bytes of a connection that its session has not taken yet, from the start of a frame on. */
export class Carry {
  #memory: Buffer | undefined
  #length = 0

  get length (): number {
    return this.#length
  }

  /** What of the memory has to be leased from the budget. It grows with what has come, never with what is announced. */
  get cost (): number {
    return Math.max(0, (this.#memory?.length ?? 0) - CARRY_FREE)
  }

  get bytes (): Buffer {
    return this.#memory?.subarray(0, this.#length) ?? Buffer.alloc(0)
  }

  append (chunk: Buffer): void {
    const length = this.#length + chunk.length
    if (this.#memory === undefined || length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(LEAST, length, Math.min(2 * this.#length, 2 * CARRY_FREE + this.#length)))
      this.#memory?.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    chunk.copy(this.#memory, this.#length)
    this.#length = length
  }

  /** Keeps what stands behind the first `taken` bytes. */
  drop (taken: number): void {
    if (taken === this.#length) this.clear()
    else if (taken > 0) {
      const rest = this.bytes.subarray(taken)
      this.clear()
      this.append(rest)
    }
  }

  clear (): void {
    this.#memory = undefined
    this.#length = 0
  }
}
