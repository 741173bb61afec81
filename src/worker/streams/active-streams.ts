import { randomBytes } from 'node:crypto'
import type { NewStream } from '../messages/tasks.ts'
import { keyedHash, SECRET_BYTES } from './keyed-hash.ts'
import { StreamTimes } from './stream-times.ts'

/** A stream that got a record. `new`: counted from now on. `over_limit`: not counted, as its tenant has too many. */
export type Touch = 'known' | 'new' | 'over_limit'

/** Loki's default limit (max_global_streams_per_user). Where no limit is set, more streams of a tenant are reported. */
export const LOKI_DEFAULT_LIMIT = 5000
/** A stream counts for so many ticks behind its last record. Loki forgets it after half an hour (chunk_idle_period). */
export const IDLE_TICKS = 60
/** A tenant with too many streams is reported once in so many ticks. */
export const WARN_TICKS = 10

/** The words of the header. */
const NOW = 0
const TOTAL = 1
const LIMIT = 2
const SECRET = 4
const HEADER = 16

/**
 * The accounts of tenants. A hash of the tenant chooses its account, so no account is opened or closed, however many
 * tenants there are. Two tenants share an account, and a limit, once in a million. An account is two words: how many
 * streams it has, and the tick of its last report. Pages of memory without an account in use are not touched.
 */
const ACCOUNTS = 2 ** 20
/** A stream lies in one of so many slots, from the slot that its hash gives. */
const WINDOW = 32
const MIN_SLOTS = 2 ** 19

/** The states of a slot that has no stream. A slot with a stream has the tick of its last record. */
const NEVER_USED = 0
const FREE = -1
const CLAIMED = -2
/** A worker that has claimed a slot sets it at once. After this long, the worker is dead. */
const CLAIM_TIMEOUT_MS = 20

/**
 * The streams that got a record within the last hour, counted by tenant: a hash table in memory that all worker threads
 * share. A stream is known by 64 bits of a keyed hash of its tenant and labels. Two streams with the same 64 bits would
 * count as one.
 *
 * The state of a slot is one word. Only the thread whose compare-exchange changes that word may write the rest of the
 * slot, and the counts that follow from it:
 *
 *     never used, free --(a worker has a stream that is not there)--> claimed --(the tenant may have it)--> tick
 *     claimed --(it may not)--> free
 *     tick --(a worker has a record for it)--> later tick
 *     tick --(the main thread finds it idle)--> free
 *
 * A worker that meets a claimed slot waits until it knows whether that slot has its own stream. So a tenant never has
 * more than its limit, and a stream that one worker admits is admitted by all. Two things can go wrong, and both
 * correct themselves within the hour. A stream may count twice, where two workers bring it just when a slot nearer to
 * its place becomes free. And where all slots of a window are in use, a stream is admitted but not counted. A thread
 * that dies with a claim leaves one slot, and at most one place of its tenant, in use.
 *
 * The clock is a count of ticks in the table: all threads have the same time.
 */
export class ActiveStreams {
  /** All workers get this memory. */
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #limit: number
  readonly #secret: Uint8Array
  readonly #slots: number
  /** The first word of the states, and of the slots' streams: two words of hash and one with the account for each. */
  readonly #states: number
  readonly #streams: number
  /** The time of each stream's newest record. */
  readonly newest: StreamTimes
  /** When Loki last knew each stream: it had stored a record of it, and got another. */
  readonly shown: StreamTimes
  #account = { tenant: '', word: 0 }
  /** The slot of the stream that was touched last; -1 where it has none. It stays the stream's for an hour. */
  slot = -1

  /** `limit`: how many streams a tenant may have; 0 for no limit. `slots`: a power of two. */
  static create (limit = 0, slots = MIN_SLOTS): ActiveStreams {
    while (slots < 4 * limit) slots *= 2
    const memory = new SharedArrayBuffer(4 * (HEADER + 2 * ACCOUNTS + 6 * slots))
    const words = new Int32Array(memory)
    words[NOW] = 1
    words[LIMIT] = limit
    new Uint8Array(memory).set(randomBytes(SECRET_BYTES), 4 * SECRET)
    return new ActiveStreams(memory)
  }

  constructor (memory: SharedArrayBuffer) {
    this.memory = memory
    this.#words = new Int32Array(memory)
    this.#limit = this.#words[LIMIT]!
    this.#secret = new Uint8Array(memory, 4 * SECRET, SECRET_BYTES).slice()
    this.#states = HEADER + 2 * ACCOUNTS
    this.#slots = (this.#words.length - this.#states) / 6
    this.#streams = this.#states + this.#slots
    this.newest = new StreamTimes(this.#words, this.#streams + 3 * this.#slots)
    this.shown = new StreamTimes(this.#words, this.#streams + 4 * this.#slots)
    this.#account.word = this.#accountWord('')
  }

  /** The present tick. A stream that was touched in it need not be touched again. */
  get now (): number {
    return Atomics.load(this.#words, NOW)
  }

  /** How many streams all tenants have. */
  get count (): number {
    return Atomics.load(this.#words, TOTAL)
  }

  /** How many streams the tenant has. */
  countOf (tenant: string): number {
    return Atomics.load(this.#words, this.#accountOf(tenant))
  }

  /** Lets a minute pass, and removes idle streams. Only the main thread may call it. */
  tick (): void {
    const words = this.#words
    const oldest = Atomics.add(words, NOW, 1) + 1 - IDLE_TICKS
    for (let slot = 0; slot < this.#slots; slot++) {
      const seen = words[this.#states + slot]!
      if (seen <= 0 || seen >= oldest) continue
      const account = words[this.#streams + 3 * slot + 2]!
      if (Atomics.compareExchange(words, this.#states + slot, seen, FREE) !== seen) continue
      Atomics.sub(words, account, 1)
      Atomics.sub(words, TOTAL, 1)
    }
  }

  /** The stream has got a record. It counts as seen now, unless it is over the limit of its tenant. */
  touch (tenant: string, labels: Uint8Array): Touch {
    const words = this.#words
    const account = this.#accountOf(tenant)
    this.slot = -1
    const id = keyedHash(this.#secret, Buffer.from(`${tenant}\0`), labels)
    for (let patient = true; ;) {
      // Reads the count before it looks for the stream. If the stream is then not there, it was not admitted while the
      // account was full.
      const full = this.#isFull(account)
      const { known, free, claimed } = this.#look(id)
      this.slot = known
      if (known >= 0) return 'known'
      if (claimed >= 0 && patient) {
        patient = Atomics.wait(words, claimed, CLAIMED, CLAIM_TIMEOUT_MS) !== 'timed-out'
        continue
      }
      if (full) {
        if (this.#isFull(account)) return 'over_limit'
        // Idle streams have made room meanwhile, perhaps this one too.
        continue
      }
      if (free < 0) return 'new'
      const was = words[free]!
      if (was > 0 || was === CLAIMED || Atomics.compareExchange(words, free, was, CLAIMED) !== was) continue
      const admitted = this.#admit(account)
      if (admitted) {
        this.slot = free - this.#states
        words.set([...id, account], this.#streams + 3 * this.slot)
        this.newest.reset(this.slot)
        this.shown.reset(this.slot)
      }
      Atomics.store(words, free, admitted ? this.now : FREE)
      Atomics.notify(words, free)
      return admitted ? 'new' : 'over_limit'
    }
  }

  /** How `stored` knows the stream of the slot. */
  placeOf (slot: number): Pick<NewStream, 'slot' | 'id'> {
    return { slot, id: this.#words[this.#streams + 3 * slot]! }
  }

  /** Loki has stored a record of the stream. Does nothing where the slot has another stream meanwhile. */
  stored ({ slot, id }: Pick<NewStream, 'slot' | 'id'>, seconds: number): void {
    // Only the main thread, whose call this is, frees a slot: one in use has had this stream since then.
    if (this.#words[this.#states + slot]! > 0 && this.#words[this.#streams + 3 * slot] === id) this.shown.raise(slot, seconds)
  }

  /**
   * How many streams the tenant has, or would have with this one, where they are too many and there was no report
   * lately; else undefined. The caller must report a number that it gets: no other worker gets it.
   */
  tooMany (tenant: string, touch: Touch): number | undefined {
    const account = this.#accountOf(tenant)
    const count = Atomics.load(this.#words, account) + (touch === 'over_limit' ? 1 : 0)
    if (count <= (this.#limit > 0 ? this.#limit : LOKI_DEFAULT_LIMIT)) return undefined
    const lastWarned = Atomics.load(this.#words, account + 1)
    const { now } = this
    if (lastWarned > 0 && now - lastWarned < WARN_TICKS) return undefined
    return Atomics.compareExchange(this.#words, account + 1, lastWarned, now) === lastWarned ? count : undefined
  }

  /**
   * Looks for the stream. `known`: its slot, where it has one; it counts as seen now. Else `free` is the address of the
   * first state that may be claimed, and `claimed` of one that another thread has claimed. -1 where there is none.
   */
  #look (id: readonly [number, number]): { known: number, free: number, claimed: number } {
    const words = this.#words
    const { now } = this
    let [free, claimed] = [-1, -1]
    for (let step = 0; step < WINDOW;) {
      const slot = (id[0] + step) & (this.#slots - 1)
      const at = this.#states + slot
      const state = Atomics.load(words, at)
      if (state === CLAIMED) claimed = at
      else if (state <= 0 && free < 0) free = at
      // A stream takes the first slot that may be claimed, and a used slot never becomes NEVER_USED again. So the
      // stream is not further on.
      if (state === NEVER_USED) break
      const stream = this.#streams + 3 * slot
      if (state > 0 && words[stream] === id[0] && words[stream + 1] === id[1]) {
        if (state >= now || Atomics.compareExchange(words, at, state, now) === state) return { known: slot, free, claimed }
        // Another thread has changed the state meanwhile: look at the slot again.
      } else step++
    }
    return { known: -1, free, claimed }
  }

  #isFull (account: number): boolean {
    return this.#limit > 0 && Atomics.load(this.#words, account) >= this.#limit
  }

  /** Counts one more stream for the account. False where it is full. */
  #admit (account: number): boolean {
    const words = this.#words
    for (let count = Atomics.load(words, account); this.#limit === 0 || count < this.#limit;) {
      const before = Atomics.compareExchange(words, account, count, count + 1)
      if (before === count) {
        Atomics.add(words, TOTAL, 1)
        return true
      }
      count = before
    }
    return false
  }

  #accountOf (tenant: string): number {
    if (this.#account.tenant !== tenant) this.#account = { tenant, word: this.#accountWord(tenant) }
    return this.#account.word
  }

  #accountWord (tenant: string): number {
    return HEADER + 2 * (keyedHash(this.#secret, Buffer.from(tenant))[0] & (ACCOUNTS - 1))
  }
}
