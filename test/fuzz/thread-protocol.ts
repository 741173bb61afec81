import { MAX_INPUT } from './mutate.ts'

/** The data that starts the thread. */
export interface Job {
  target: string
  /** The module whose TARGETS hold the target. */
  module: string
  corpus: Uint8Array[]
  slot: SharedArrayBuffer
  /** Undefined: run each input of the corpus once, and change nothing. */
  search: Search | undefined
}

/** The search ends after so many seconds, or after so many inputs. */
export interface Search { seconds: number, seed: number, inputs?: number }

/** The last message of the thread. A thread without one that stops counting is hung, and its slot holds the input. */
export type Ending =
  | { kind: 'done', runs: number, blocks: number, kept: Uint8Array[], grownBytes: number }
  | { kind: 'broken', input: Uint8Array, error: string }

/** The present input, in memory that outlives a dead thread: a counter of runs, the length, the bytes. */
export class Slot {
  readonly memory: SharedArrayBuffer
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor (memory = new SharedArrayBuffer(8 + MAX_INPUT)) {
    this.memory = memory
    this.#head = new Int32Array(memory, 0, 2)
    this.#bytes = new Uint8Array(memory, 8)
  }

  put (input: Uint8Array): void {
    this.#bytes.set(input.subarray(0, MAX_INPUT))
    Atomics.store(this.#head, 1, Math.min(input.length, MAX_INPUT))
    Atomics.add(this.#head, 0, 1)
  }

  get runs (): number {
    return Atomics.load(this.#head, 0)
  }

  get input (): Buffer {
    return Buffer.from(this.#bytes.subarray(0, Atomics.load(this.#head, 1)))
  }
}
