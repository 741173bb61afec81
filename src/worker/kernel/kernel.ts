import { readFileSync } from 'node:fs'
import { alignLike, WORD } from '../../shared-memory.ts'

/** The exports of assembly/index.ts. An address is a number of bytes from the beginning of `memory`. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer, grow (pages: number): number }
  heapStart (): number
  fields: { value: number }
  nuls: { value: number }
  setSlots (count: number): void
  addKey (key: number, length: number): void
  addLevel (name: number, length: number): void
  addLevelWord (word: number, length: number, level: number): void
  addJsonKey (key: number, length: number): void
  addFormat (within: number, flags: number): void
  setHandWritten (oslo: number, json: number): void
  addAutomaton (
    timed: boolean, classes: number, cells: number, shift: number, passive: number, active: number, actions: number
  ): void
  setPrefix (masks: number): void
  recognised: { value: number }
  levelFrom: { value: number }
  nextMessage (): void
  settleNotes (): void
  setWanted (value: boolean): void
  scan (start: number, end: number): number
  addFacility (name: number, length: number): void
  arrival: { value: number }
  setArrival (at: number, length: number): void
  setPeer (start: number, end: number): void
  readSyslog (start: number, end: number): number
  headed: { value: number }
  object: { value: number }
  setWindow (oldestMs: number, newestMs: number): void
  takeRecord (start: number, end: number): number
  time: { value: number }
  parseTimestamp (start: number, end: number): number
  derive (start: number, end: number): void
  setHostForm (isShort: boolean, isLower: boolean): void
  streamFlag (start: number, end: number): number
  setUnescape (value: boolean): void
  cutLine (): number
  unescapeNewlines (start: number, end: number): number
  setStreams (table: number, buckets: number, keys: number, keyBytes: number, maxValueBytes: number, seed: bigint): void
  setOrigin (origin: number): void
  addKeySlot (slot: number): void
  findStream (): number
  addStream (number: number): number
  forgetStreams (): void
  setMaxMetadataValue (bytes: number): void
  addMetadata (head: number, length: number, slot: number): void
  useMetadata (count: number): void
  takeCuts (): number
  writeEntry (at: number, start: number, end: number, seconds: number, nanos: number): number
  copy (target: number, start: number, end: number): void
  addDropRule (
    level: number, source: number, sourceLength: number, host: number, hostLength: number, text: number, textLength: number, rare: number
  ): void
  dropRule (): number
  addRedactLiteral (literal: number, length: number, rare: number): void
  mayRedactFields (): number
  redactRules (start: number, end: number): number
  isClean (at: number): number
}

/** Declares what is used here. TypeScript has these types only together with those of a browser. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: object }
}

/** The answers of scan() and of readSyslog(): see assembly/scan.ts. */
export const SCAN = { LEFT: 0, TAKEN: 1, TAKEN_IF_UTF8: 2 } as const

/** takeRecord() answers as scan() does, or with this and the number of a stream, or -1: see assembly/record.ts. */
export const READY = 4

/** takeRecord() answers with this less the number of the rule that drops the record. */
export const DROPPED = -1

/** Compiled once a thread. The file lies beside this one, in each folder that this one is built into. */
const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))

/**
 * The number of bytes behind the kernel's input that must exist, and may be overwritten: it reads and writes 16 bytes
 * at a time.
 */
const SLACK = 64
const PAGE = 65536
/** The kernel would return an address beyond this as a negative number. */
const MAX_ADDRESS = 2 ** 31 - PAGE

/**
 * The kernel: the loops over bytes, in WebAssembly, and the one memory for all that they work on.
 *
 *     allocated for good (names, tables) | a group of the batch's messages | entries and parts of the batch
 *
 * The last part has no fixed end: `reserve` makes the memory larger. WebAssembly's memory never gets smaller.
 */
export class Kernel {
  readonly run: Exports
  /**
   * The whole memory. `reserve`, `allocate` and `window` may replace the object: read this property again after them.
   */
  bytes!: Buffer
  words!: Int32Array
  #doubles!: Float64Array
  #allocated: number
  readonly #time: number

  constructor () {
    this.run = new WebAssembly.Instance(module, { env: { abort } }).exports as unknown as Exports
    this.#allocated = this.run.heapStart()
    this.#time = this.run.time.value / 8
    this.#look()
  }

  /** The last time read: whole seconds since the epoch, and the nanoseconds behind them. */
  get seconds (): number {
    return this.#doubles[this.#time]!
  }

  get nanos (): number {
    return this.words[2 * this.#time + 2]!
  }

  /** Allocates memory for good: zeroed, at a multiple of 16. Must not be called once there is a batch. */
  allocate (size: number): number {
    const at = this.#allocated
    this.#allocated = align(at + size)
    this.reserve(this.#allocated)
    return at
  }

  /** Allocates a text for good. */
  text (text: string | Uint8Array): { at: number, length: number } {
    const bytes = Buffer.from(text as string)
    const at = this.allocate(bytes.length)
    this.bytes.set(bytes, at)
    return { at, length: bytes.length }
  }

  /** Makes room for groups of messages of up to `size` bytes. The memory from the returned address on is free. */
  window (size: number): number {
    const end = align(this.#allocated + WORD + size + SLACK)
    this.reserve(end)
    return end
  }

  /** Puts a group of messages in the place of the last group. Returns where it begins. */
  input (messages: Uint8Array): number {
    const at = alignLike(this.#allocated, messages)
    this.bytes.set(messages, at)
    return at
  }

  /** Makes all addresses below `end` exist. Throws a RangeError where the memory cannot be that large. */
  reserve (end: number): void {
    const missing = end + SLACK - this.bytes.length
    if (missing <= 0) return
    if (end > MAX_ADDRESS) throw new RangeError(`the kernel's memory cannot hold ${end} bytes`)
    // By a quarter at least, to grow seldom. Pages that are not touched take no memory of the machine.
    this.run.memory.grow(Math.ceil(Math.max(missing, this.bytes.length / 4) / PAGE))
    this.#look()
  }

  #look (): void {
    const { buffer } = this.run.memory
    this.bytes = Buffer.from(buffer)
    this.words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
  }
}

function align (at: number): number {
  return Math.ceil(at / 16) * 16
}

function abort (): never {
  throw new Error('the kernel was called with what it cannot hold')
}
