import { createRandom, type Random } from './random.ts'

/** The longest input. Longer ones break nothing more, and many small inputs find more than a few large ones. */
export const MAX_INPUT = 16 * 1024

/** Numbers at which sizes and counts overflow. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]

/** Makes new inputs from old ones by a few small changes, and now and then joins two. Equal seeds give equal inputs. */
export class Mutator {
  readonly #random: Random
  readonly #words: readonly Buffer[]

  constructor (seed: number, words: readonly Buffer[]) {
    this.#random = createRandom(seed)
    this.#words = words
  }

  /** Returns a changed input of `corpus`. */
  next (corpus: readonly Buffer[]): Buffer {
    const random = this.#random
    let bytes = pick(random, corpus) ?? Buffer.alloc(0)
    for (let left = 1 + random.below(random.below(8) + 1); left > 0; left--) bytes = this.#change(bytes, corpus)
    return bytes.subarray(0, MAX_INPUT)
  }

  #change (bytes: Buffer, corpus: readonly Buffer[]): Buffer {
    const random = this.#random
    const at = random.below(bytes.length + 1)
    const length = Math.min(bytes.length - at, random.below(random.below(64) + 2))
    switch (random.below(10)) {
      case 0: return splice(bytes, at, 1, Buffer.of(random.below(256)))
      case 1: return at === bytes.length ? bytes : splice(bytes, at, 1, Buffer.of(bytes[at] ^ (1 << random.below(8))))
      case 2: return splice(bytes, at, length, Buffer.alloc(0))
      case 3: return splice(bytes, at, 0, bytes.subarray(at, at + length))
      case 4: return splice(bytes, at, 0, Buffer.alloc(1 + random.below(300), random.below(256)))
      case 5: case 6: return splice(bytes, at, random.below(2) === 0 ? 0 : length, pick(random, this.#words) ?? Buffer.alloc(0))
      case 7: return splice(bytes, at, 4, this.#number(4))
      case 8: return splice(bytes, at, 1, this.#number(1))
      default: {
        const other = pick(random, corpus) ?? bytes
        const from = random.below(other.length + 1)
        return splice(bytes, at, random.below(2) === 0 ? bytes.length : 0, other.subarray(from, from + random.below(other.length + 1)))
      }
    }
  }

  #number (width: 1 | 4): Buffer {
    const bytes = Buffer.alloc(4)
    const edge = pick(this.#random, EDGES) ?? 0
    bytes.writeUInt32BE((edge + (this.#random.below(3) - 1)) >>> 0)
    return bytes.subarray(4 - width)
  }
}

function pick<T> (random: Random, all: readonly T[]): T | undefined {
  return all[random.below(all.length)]
}

function splice (bytes: Buffer, at: number, removed: number, put: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + removed)])
}
