import { readFileSync } from 'node:fs'
import { placeAlike, WORD } from '../../shared-memory.ts'

/** What src/worker/kernel/assembly/index.ts exports. Addresses are bytes from the beginning of `memory`. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer, grow (pages: number): number }
  heapStart (): number
  fields: { value: number }
  setSlots (count: number): void
  addKey (key: number, length: number): void
  addLevel (name: number, length: number): void
  setWanted (value: boolean): void
  scan (start: number, end: number): number
  parseTimestamp (start: number, end: number): number
  timestampSeconds (): number
  timestampNanos (): number
  derive (start: number, end: number): void
  setStreams (table: number, buckets: number, keys: number, keyBytes: number, maxValueBytes: number, seed: bigint): void
  setOrigin (origin: number): void
  addKeySlot (slot: number): void
  findStream (): number
  addStream (number: number): number
  forgetStreams (): void
  setMaxMetadataValue (bytes: number): void
  addMetadata (head: number, length: number, slot: number): void
  takeCuts (): number
  writeEntry (at: number, start: number, end: number, seconds: number, nanos: number): number
  lineAt (): number
  copy (target: number, start: number, end: number): void
}

/** The part of it that is used here: it comes with the browser's types only, which have no place in this program. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: object }
}

/** What scan() answers; see kernel/scan.ts. */
export const SCAN = { LEFT: 0, TAKEN: 1, TAKEN_IF_UTF8: 2 } as const

/** The module is compiled once a thread; the file lies beside this one, in whatever folder that was built into. */
const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))

/** The kernel reads and writes 16 bytes at a time: so many beyond what it was told must exist, and may be overwritten. */
const SLACK = 64
const PAGE = 65536
/** An address beyond this would come out of the kernel as a negative number. */
const MAX_ADDRESS = 2 ** 31 - PAGE

/**
 * The loops over bytes, in WebAssembly, and the one memory in which all that they work on lies:
 *
 *     what is allocated for good (names, tables) | some messages of the batch | what is made of the batch
 *
 * The last part has no end of its own: `reserve` makes the memory larger. It never gets smaller (WebAssembly's cannot).
 */
export class Kernel {
  readonly run: Exports
  /** The whole memory. Another object after `reserve`, `allocate` and `window`: read it again. */
  bytes!: Buffer
  words!: Int32Array
  #allocated: number

  constructor () {
    this.run = new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as Exports
    this.#allocated = this.run.heapStart()
    this.#look()
  }

  /** Memory for good, zeroed, at a multiple of 16. Not to be called once there is a batch. */
  allocate (size: number): number {
    const at = this.#allocated
    this.#allocated = align(at + size)
    this.reserve(this.#allocated)
    return at
  }

  /** Text for good. */
  text (text: string | Uint8Array): { at: number, length: number } {
    const bytes = Buffer.from(text as string)
    const at = this.allocate(bytes.length)
    this.bytes.set(bytes, at)
    return { at, length: bytes.length }
  }

  /** Makes room for messages, `size` bytes of them at a time; what is behind it, from the address returned on, is free. */
  window (size: number): number {
    const end = align(this.#allocated + WORD + size + SLACK)
    this.reserve(end)
    return end
  }

  /** Takes in messages, in the place of those before; returns where they begin. */
  input (messages: Uint8Array): number {
    const at = placeAlike(this.#allocated, messages)
    this.bytes.set(messages, at)
    return at
  }

  /** Sees to it that all addresses below `end` exist. Throws a RangeError where that is more than there can be. */
  reserve (end: number): void {
    const missing = end + SLACK - this.bytes.length
    if (missing <= 0) return
    if (end > MAX_ADDRESS) throw new RangeError(`the kernel's memory cannot hold ${end} bytes`)
    // By a quarter at least, so that growing does not become a habit; what is not touched takes no memory of the machine.
    this.run.memory.grow(Math.ceil(Math.max(missing, this.bytes.length / 4) / PAGE))
    this.#look()
  }

  #look (): void {
    const { buffer } = this.run.memory
    this.bytes = Buffer.from(buffer)
    this.words = new Int32Array(buffer)
  }
}

function align (at: number): number {
  return Math.ceil(at / 16) * 16
}

function abort (): never {
  throw new Error('the kernel was called with what it cannot hold')
}
