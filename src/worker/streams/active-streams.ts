import { hash, randomBytes } from 'node:crypto'

/** What became of a stream that got a record: `new` ones are counted from now on, `over_limit` ones are more than their tenant may have. */
export type Touch = 'known' | 'new' | 'over_limit'

/** Streams beyond this many of one tenant are told of where no limit is set: Loki's own default (max_global_streams_per_user). */
export const LOKI_DEFAULT_LIMIT = 5000
/** Ticks without a record after which a stream is no longer counted. Loki lets go of one after half an hour or so (chunk_idle_period). */
export const IDLE_TICKS = 60
/** A tenant with too many is told of once in so many ticks. */
export const WARN_TICKS = 10

/** Words of the header. */
const NOW = 0
const TOTAL = 1
const LIMIT = 2
const SECRET = 4
const SECRET_BYTES = 16
const HEADER = 16

/**
 * Tenants have accounts, by a hash: so many that two of them share one, and a limit, once in a million; and neither to open nor to close,
 * however many tenants are named. A page of memory is touched only where there is one. Each is two words: its streams, and when it was told of.
 */
const ACCOUNTS = 2 ** 20
/** Where a stream may lie, from where its hash says. */
const WINDOW = 32
const MIN_SLOTS = 2 ** 19

/** States of a slot, where it does not hold the tick at which its stream last got a record. */
const NEVER_USED = 0
const FREE = -1
const CLAIMED = -2
/** Whoever has claimed a slot lets go of it in no time, or is dead. */
const CLAIM_TIMEOUT_MS = 20

/**
 * The streams that got a record within the last hour: a hash table in memory that all worker threads share, counted by tenant. It knows
 * a stream by 64 bits of a keyed hash of its tenant and labels: two that share them, if ever there are, count as one.
 *
 * A slot's state is one word, and whoever changes that word from what it saw has the right to what comes with it:
 *
 *     never used, free --(a worker has a stream that is not there)--> claimed --(the tenant may have it)--> tick
 *     claimed --(it may not)--> free
 *     tick --(a worker has a record for it)--> later tick
 *     tick --(the main thread finds it idle)--> free
 *
 * A worker that meets a claimed slot waits until it is known whether that is its own stream. So a tenant never has more than its limit,
 * and what one worker admits, all do. Two things can go wrong, and both correct themselves within the hour: a stream for which a slot
 * nearer to its place becomes free just when two workers bring it may count twice; and where all slots of a window are taken, a stream
 * is admitted and not counted. A thread that dies with a claim leaves one slot, and at most one place of its tenant's, taken.
 *
 * The clock is a count of ticks that lies in the table too: nobody's idea of the time can differ from another's.
 */
export class ActiveStreams {
  /** To be handed to the workers. */
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #limit: number
  readonly #secret: Uint8Array
  readonly #slots: number
  /** The first word of the states, and of what is known of each slot's stream: two words of hash, one of its account. */
  readonly #states: number
  readonly #streams: number
  #account = { tenant: '', word: 0 }

  /** `limit`: how many a tenant may have; none where undefined. `slots`: a power of two. */
  static create (limit = 0, slots = MIN_SLOTS): ActiveStreams {
    while (slots < 4 * limit) slots *= 2
    const memory = new SharedArrayBuffer(4 * (HEADER + 2 * ACCOUNTS + 4 * slots))
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
    this.#slots = (this.#words.length - this.#states) / 4
    this.#streams = this.#states + this.#slots
    this.#account.word = this.#openAccount('')
  }

  /** The present tick. A stream touched within it need not be touched again. */
  get now (): number {
    return Atomics.load(this.#words, NOW)
  }

  /** Streams of all tenants. */
  get count (): number {
    return Atomics.load(this.#words, TOTAL)
  }

  /** Lets a minute pass, and idle streams make room. For the main thread alone. */
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

  /** The stream has got a record. A known one, or a new one for which its tenant has a place, counts as seen now. */
  touch (tenant: string, labels: Uint8Array): Touch {
    const words = this.#words
    const account = this.#accountOf(tenant)
    const id = this.#hash(Buffer.from(`${tenant}\0`), labels)
    for (let patient = true; ;) {
      // Read before the stream is looked for: if it is not there afterwards, it had not been admitted when there was no place.
      const full = this.#isFull(account)
      const { known, free, claimed } = this.#look(id)
      if (known) return 'known'
      if (claimed >= 0 && patient) {
        patient = Atomics.wait(words, claimed, CLAIMED, CLAIM_TIMEOUT_MS) !== 'timed-out'
        continue
      }
      if (full) {
        if (this.#isFull(account)) return 'over_limit'
        // Idle ones have made room in between, this one among them perhaps.
        continue
      }
      if (free < 0) return 'new'
      const was = words[free]!
      if (was > 0 || was === CLAIMED || Atomics.compareExchange(words, free, was, CLAIMED) !== was) continue
      const admitted = this.#admit(account)
      if (admitted) words.set([...id, account], this.#streams + 3 * (free - this.#states))
      Atomics.store(words, free, admitted ? this.now : FREE)
      Atomics.notify(words, free)
      return admitted ? 'new' : 'over_limit'
    }
  }

  /** How many streams the tenant has, or would have, where they are too many and nobody was told so lately; else undefined. Whoever is given the number has to tell. */
  tooMany (tenant: string, touch: Touch): number | undefined {
    const account = this.#accountOf(tenant)
    const count = Atomics.load(this.#words, account) + (touch === 'over_limit' ? 1 : 0)
    if (count <= (this.#limit > 0 ? this.#limit : LOKI_DEFAULT_LIMIT)) return undefined
    const lastWarned = Atomics.load(this.#words, account + 1)
    const { now } = this
    if (lastWarned > 0 && now - lastWarned < WARN_TICKS) return undefined
    return Atomics.compareExchange(this.#words, account + 1, lastWarned, now) === lastWarned ? count : undefined
  }

  /** Where the stream is, which then counts as seen; else the first state that may be claimed and one that is, or -1 for either. */
  #look (id: readonly [number, number]): { known: boolean, free: number, claimed: number } {
    const words = this.#words
    const { now } = this
    let [free, claimed] = [-1, -1]
    for (let step = 0; step < WINDOW;) {
      const slot = (id[0] + step) & (this.#slots - 1)
      const at = this.#states + slot
      const state = Atomics.load(words, at)
      if (state === CLAIMED) claimed = at
      else if (state <= 0 && free < 0) free = at
      // Streams lie as near to their place as they can, and what was used once never counts as unused again.
      if (state === NEVER_USED) break
      const stream = this.#streams + 3 * slot
      if (state > 0 && words[stream] === id[0] && words[stream + 1] === id[1]) {
        if (state >= now || Atomics.compareExchange(words, at, state, now) === state) return { known: true, free, claimed }
        // Somebody else was here in between: once more.
      } else step++
    }
    return { known: false, free, claimed }
  }

  #isFull (account: number): boolean {
    return this.#limit > 0 && Atomics.load(this.#words, account) >= this.#limit
  }

  /** A place of the tenant's, if it has one left. */
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
    if (this.#account.tenant !== tenant) this.#account = { tenant, word: this.#openAccount(tenant) }
    return this.#account.word
  }

  #openAccount (tenant: string): number {
    return HEADER + 2 * (this.#hash(Buffer.from(tenant))[0] & (ACCOUNTS - 1))
  }

  #hash (...bytes: Uint8Array[]): [number, number] {
    const digest = hash('sha256', Buffer.concat([this.#secret, ...bytes]), 'hex')
    return [parseInt(digest.slice(0, 8), 16) | 0, parseInt(digest.slice(8, 16), 16) | 0]
  }
}
