import { MAX_INPUT } from './mutate.ts'

/** What the thread is started with. */
export interface Job {
  target: string
  /** The module that has the target in its TARGETS. */
  module: string
  corpus: Uint8Array[]
  slot: SharedArrayBuffer
  /** Undefined: each of the corpus is run once, and nothing is made of it. */
  search: Search | undefined
}

/** How long is searched: so long, or until so many inputs have been run. */
export interface Search { seconds: number, seed: number, inputs?: number }

/** What it ends with. One that neither ends nor goes on is hung; its slot tells at what. */
export type Ending =
  | { kind: 'done', runs: number, blocks: number, kept: Uint8Array[], grownBytes: number }
  | { kind: 'broken', input: Uint8Array, error: string }

/** The input at hand, in memory that outlives a thread which hangs or dies: a counter of runs, the length, the bytes. */
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
