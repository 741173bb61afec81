import { backoffMs } from '../backoff.ts'
import type { Part } from '../worker/messages.ts'
import type { Answer, RetryReason } from './classify.ts'
import { Fifo } from './fifo.ts'
import { joinBlocks } from './join.ts'

/** A part that waits for its push, with the ticket of its batch. */
export interface Pending {
  part: Part
  ticket: { resolvePart (): void, split (parts: number): void }
  /** Loki has rejected a push that held this part: from now on it gets a push of its own, when its turn comes. */
  solo?: boolean
  /**
   * The part carries a rejected record to the quarantine stream. Where Loki rejects even that, the record is not at
   * fault, and the part is pushed again until Loki takes it.
   */
  quarantine?: boolean
}

/** What a shard works with. */
export interface ShardTools {
  pushBytes: number
  /** For how many ms Loki wants no push, and why (Retry-After); undefined where it may get one. */
  hold: () => { ms: number, reason: RetryReason } | undefined
  /** Tries a push once. */
  push: (shard: Shard, body: Uint8Array, parts: Part[]) => Promise<Answer>
  /**
   * Called with a part that Loki rejected in a push of its own. Resolves with what takes the part's place in the queue,
   * or with undefined where the sink closed first.
   */
  onRejected: (pending: Pending, answer: Answer & { kind: 'rejected' }) => Promise<Pending[] | undefined>
  onRetry: (shard: Shard, reason: RetryReason, message: string, delayMs: number, hint: string | undefined) => void
  /** The shard has nothing left to push. */
  onIdle: (shard: Shard) => void
  random: () => number
}

/** Solo pushes at the same time. With one, a start with many new streams would take a round trip for each stream. */
const MAX_SOLO_PUSHES = 8

/** Pauses between attempts. Short ones notice soon that Loki is back; only an operator can end what is `blocked`. */
const BASE_MS = 100
const MAX_MS: Record<RetryReason, number> = { 429: 5_000, '5xx': 2_000, timeout: 1_000, connection: 1_000, blocked: 30_000 }

/**
 * One shard of one tenant. It pushes its parts in order, one push at a time. Parts that arrive during a push wait; the
 * next push joins them, up to `pushBytes` (group commit). So an idle system pushes at once, and a busy one makes large
 * pushes.
 *
 *     idle --(add)--> pushing --(stored, none left)--> idle
 *                       | ^  `--(stored, more left)--> pushing
 *                retry  | |
 *                       v | (pause over, or wake)
 *                     waiting
 *
 * A solo part (see Part) at the head moves to a shard of its own, up to MAX_SOLO_PUSHES of them. The parts behind wait
 * until all solo pushes are stored: they may hold more of the same streams, which Loki must know by then.
 *
 *     any but closed --(a solo part is at the head)--> solo --(solo pushes stored, none at the head)--> pushing, idle
 *
 *     pushing --(rejected, several parts)--> pushing, one part a push
 *     pushing --(rejected, one part)--> bisecting --> pushing what takes the part's place
 *     pushing --(rejected, a part for quarantine)--> waiting
 *
 * Retries have no end. A shard pushes the same parts again in the same order: Loki then stores once what it had stored
 * before.
 */
export class Shard {
  readonly tenant: string
  readonly index: number
  readonly #tools: ShardTools
  readonly #queue = new Fifo<Pending>()
  /** Each pushes one solo part. */
  readonly #soloShards = new Set<Shard>()
  readonly #isSolo: boolean
  #state: 'idle' | 'pushing' | 'waiting' | 'bisecting' | 'solo' | 'closed' = 'idle'
  #attempt = 0
  #woken = false
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  /** Why the shard waits; undefined while it does not. */
  waitingFor: RetryReason | undefined

  constructor (tenant: string, index: number, tools: ShardTools, isSolo = false) {
    this.tenant = tenant
    this.index = index
    this.#tools = tools
    this.#isSolo = isSolo
  }

  /** Compressed bytes that wait or are being pushed. */
  get bytes (): number {
    let bytes = this.#bytes
    for (const shard of this.#soloShards) bytes += shard.bytes
    return bytes
  }

  add (pending: Pending): void {
    this.#queue.push(pending)
    this.#bytes += pending.part.body.length
    if (this.#state === 'idle' || this.#state === 'solo') this.#next()
  }

  /**
   * Ends a pause, because Loki has just stored another shard's push. Does not end the pause for a limit (429), which
   * concerns one tenant only. Works once until Loki answers this shard too: a push that fails while all others succeed
   * keeps its own growing pauses.
   */
  wake (): void {
    if (this.#state !== 'waiting' || this.waitingFor === '429' || this.#woken) return
    this.#woken = true
    this.#resume()
  }

  /** Drops all parts, their tickets unresolved: the deliveries stay unsettled, and the bus delivers them again. */
  close (): void {
    this.#state = 'closed'
    for (const shard of this.#soloShards) shard.close()
    this.#soloShards.clear()
    clearTimeout(this.#timer)
    this.#queue.clear()
    this.#bytes = 0
  }

  #run (): void {
    const hold = this.#tools.hold()
    if (hold !== undefined) return this.#wait(hold.reason, hold.ms)
    this.#state = 'pushing'
    const sent = this.#head()
    void this.#tools.push(this, joinBlocks(sent.map(({ part }) => part)), sent.map(({ part }) => part)).then(answer => {
      if (this.#state !== 'closed') this.#answered(sent, answer)
    })
  }

  /** The parts of the next push. They stay in the queue until Loki has stored them. */
  #head (): Pending[] {
    const sent: Pending[] = []
    let bytes = 0
    for (let pending; (pending = this.#queue.at(sent.length)) !== undefined;) {
      const first = sent[0]
      const full = bytes + pending.part.rawBytes > this.#tools.pushBytes
      if (first !== undefined && (pending.solo === true || pending.part.solo || first.solo === true || full)) break
      sent.push(pending)
      bytes += pending.part.rawBytes
    }
    return sent
  }

  #answered (sent: Pending[], answer: Answer): void {
    const [first, second] = sent
    switch (answer.kind) {
      case 'stored':
        this.#reachedLoki()
        this.#replace(sent, [])
        this.#next()
        for (const { ticket } of sent) ticket.resolvePart()
        break
      case 'retry':
        this.#pause(answer.reason, answer.message, answer.hint)
        break
      case 'rejected':
        if (first?.quarantine === true) return this.#pause('blocked', `${answer.status} ${answer.message}`, undefined)
        this.#reachedLoki()
        if (first !== undefined && second === undefined) this.#bisect(first, answer)
        else {
          for (const pending of sent) pending.solo = true
          this.#run()
        }
        break
    }
  }

  #reachedLoki (): void {
    this.#attempt = 0
    this.#woken = false
  }

  #next (): void {
    while (!this.#isSolo && this.#soloShards.size < MAX_SOLO_PUSHES) {
      const head = this.#queue.at(0)
      if (head?.part.solo !== true) break
      this.#pushSolo(head)
    }
    if (this.#soloShards.size > 0) this.#state = 'solo'
    else if (this.#queue.length > 0) this.#run()
    else {
      this.#state = 'idle'
      this.#tools.onIdle(this)
    }
  }

  #pushSolo (pending: Pending): void {
    this.#replace([pending], [])
    const shard = new Shard(this.tenant, this.index, {
      ...this.#tools,
      onIdle: shard => {
        this.#soloShards.delete(shard)
        if (this.#state === 'solo') this.#next()
      }
    }, true)
    this.#soloShards.add(shard)
    shard.add(pending)
  }

  /** Loki may send a Retry-After of 0, or a date that is past by this clock: the shard pauses all the same. */
  #pause (reason: RetryReason, message: string, hint: string | undefined): void {
    const delay = Math.max(this.#tools.hold()?.ms ?? 0, backoffMs(this.#attempt, BASE_MS, MAX_MS[reason], this.#tools.random))
    this.#attempt++
    this.#wait(reason, delay)
    this.#tools.onRetry(this, reason, message, delay, hint)
  }

  #wait (reason: RetryReason, delayMs: number): void {
    this.#state = 'waiting'
    this.waitingFor = reason
    this.#timer = setTimeout(() => this.#resume(), delayMs)
  }

  #resume (): void {
    clearTimeout(this.#timer)
    this.waitingFor = undefined
    this.#run()
  }

  #bisect (pending: Pending, answer: Answer & { kind: 'rejected' }): void {
    this.#state = 'bisecting'
    void this.#tools.onRejected(pending, answer).then(replacement => {
      if (this.#state === 'closed' || replacement === undefined) return
      this.#replace([pending], replacement)
      this.#next()
      pending.ticket.split(replacement.length)
    })
  }

  #replace (head: Pending[], replacement: Pending[]): void {
    for (const { part } of head) this.#bytes -= part.body.length
    for (const { part } of replacement) this.#bytes += part.body.length
    this.#queue.replace(head.length, replacement)
  }
}
