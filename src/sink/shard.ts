import { backoffMs } from '../backoff.ts'
import type { Part } from '../worker/messages.ts'
import type { Answer, RetryReason } from './classify.ts'
import { Fifo } from './fifo.ts'
import { joinBlocks } from './join.ts'

/** A part and the way back of the batch it came from. */
export interface Pending {
  part: Part
  ticket: { resolvePart (): void, split (parts: number): void }
  /** Loki has refused a push that held it: it goes out by itself from now on. */
  alone?: boolean
  /** It carries what Loki refused to the quarantine stream. If even that is refused, it is not the record that is at fault: it waits. */
  quarantine?: boolean
}

/** What a lane is given to do its work with. */
export interface LaneTools {
  pushBytes: number
  /** One attempt. */
  push: (lane: Lane, body: Uint8Array, parts: Part[]) => Promise<Answer>
  /** Narrows down a part that was refused by itself: what is to be pushed in its place; undefined where closing came first. */
  isolate: (pending: Pending, answer: Answer & { kind: 'refused' }) => Promise<Pending[] | undefined>
  onRetry: (lane: Lane, reason: RetryReason, message: string, delayMs: number) => void
  /** The lane has nothing left to do. */
  onIdle: (lane: Lane) => void
  random: () => number
}

/** Doubtful parts that are pushed side by side, each by itself: a start of many new streams would else take a round trip for each. */
const MAX_ASIDE = 8

/** Pauses between attempts. A Loki that is back is noticed within the second of them; one that turns us away for good is not pestered. */
const BASE_MS = 100
const MAX_MS: Record<RetryReason, number> = { 429: 5_000, '5xx': 2_000, timeout: 1_000, connection: 1_000, blocked: 30_000 }

/**
 * One shard of one tenant: its parts go out in order, one push at a time. Group commit: what arrives while a push is under way waits
 * and leaves joined, up to `pushBytes`; so an idle system pushes at once and a busy one makes large pushes by itself.
 *
 *     idle --(add)--> pushing --(stored, none left)--> idle
 *                       | ^  `--(stored, more left)--> pushing
 *                retry  | |
 *                       v | (pause over, or wake)
 *                     waiting
 *
 * Doubtful parts (see Part) at the head go aside: each into a lane of its own, several at once. What is behind them waits until all of
 * them are stored, as it may hold more of the same streams, which must be known to Loki by then:
 *
 *     any but closed --(the head is doubtful)--> aside --(those aside are stored, none is at the head)--> pushing, idle
 *
 *     pushing --(refused, several parts)--> pushing, each alone
 *     pushing --(refused, one part)--> isolating --> pushing what it was split into
 *     pushing --(refused, though it goes to quarantine)--> waiting
 *
 * Retries have no end. The same parts are pushed again in the same order, so that what Loki may have stored of them stays once.
 */
export class Lane {
  readonly tenant: string
  readonly shard: number
  readonly #tools: LaneTools
  readonly #queue = new Fifo<Pending>()
  /** Those that have gone aside, each with its part. */
  readonly #aside = new Set<Lane>()
  readonly #isAside: boolean
  #state: 'idle' | 'pushing' | 'waiting' | 'isolating' | 'aside' | 'closed' = 'idle'
  #attempt = 0
  #woken = false
  /** The pause is Loki's own wish (Retry-After). */
  #told = false
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  /** Why it waits, or undefined while it does not. */
  waitingFor: RetryReason | undefined

  constructor (tenant: string, shard: number, tools: LaneTools, isAside = false) {
    this.tenant = tenant
    this.shard = shard
    this.#tools = tools
    this.#isAside = isAside
  }

  /** Compressed bytes that wait or are being pushed. */
  get bytes (): number {
    let bytes = this.#bytes
    for (const lane of this.#aside) bytes += lane.bytes
    return bytes
  }

  add (pending: Pending): void {
    this.#queue.push(pending)
    this.#bytes += pending.part.body.length
    if (this.#state === 'idle' || this.#state === 'aside') this.#next()
  }

  /**
   * Ends a pause: somebody else's push has just been stored. A tenant's limit (429) is its own affair, and a Retry-After is heeded. It works once until Loki has
   * answered this lane too: a push that fails by itself, while all others succeed, keeps to its own growing pauses.
   */
  wake (): void {
    if (this.#state !== 'waiting' || this.waitingFor === '429' || this.#told || this.#woken) return
    this.#woken = true
    this.#resume()
  }

  /** Drops what is left, unresolved: it stays unsettled, and the bus will deliver it again. */
  close (): void {
    this.#state = 'closed'
    for (const lane of this.#aside) lane.close()
    this.#aside.clear()
    clearTimeout(this.#timer)
    this.#queue.clear()
    this.#bytes = 0
  }

  #run (): void {
    this.#state = 'pushing'
    const sent = this.#take()
    void this.#tools.push(this, joinBlocks(sent.map(({ part }) => part)), sent.map(({ part }) => part)).then(answer => {
      if (this.#state !== 'closed') this.#answered(sent, answer)
    })
  }

  /** The parts of the next push, without removing them: the head of the queue stays until it is stored. */
  #take (): Pending[] {
    const sent: Pending[] = []
    let bytes = 0
    for (let pending; (pending = this.#queue.at(sent.length)) !== undefined;) {
      if (sent.length > 0 && (pending.alone === true || pending.part.doubtful || sent[0].alone === true || bytes + pending.part.rawBytes > this.#tools.pushBytes)) break
      sent.push(pending)
      bytes += pending.part.rawBytes
    }
    return sent
  }

  #answered (sent: Pending[], answer: Answer): void {
    switch (answer.kind) {
      case 'stored':
        this.#reachedLoki()
        this.#replace(sent, [])
        this.#next()
        for (const { ticket } of sent) ticket.resolvePart()
        break
      case 'retry':
        this.#pause(answer.reason, answer.message, answer.retryAfterMs)
        break
      case 'refused':
        if (sent[0].quarantine === true) return this.#pause('blocked', `${answer.status} ${answer.message}`, undefined)
        this.#reachedLoki()
        if (sent.length === 1) this.#isolate(sent[0], answer)
        else {
          for (const pending of sent) pending.alone = true
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
    while (!this.#isAside && this.#aside.size < MAX_ASIDE) {
      const head = this.#queue.at(0)
      if (head?.part.doubtful !== true) break
      this.#goAside(head)
    }
    if (this.#aside.size > 0) this.#state = 'aside'
    else if (this.#queue.length > 0) this.#run()
    else {
      this.#state = 'idle'
      this.#tools.onIdle(this)
    }
  }

  #goAside (pending: Pending): void {
    this.#replace([pending], [])
    const lane = new Lane(this.tenant, this.shard, {
      ...this.#tools,
      onIdle: lane => {
        this.#aside.delete(lane)
        if (this.#state === 'aside') this.#next()
      }
    }, true)
    this.#aside.add(lane)
    lane.add(pending)
  }

  #pause (reason: RetryReason, message: string, retryAfterMs: number | undefined): void {
    const backoff = backoffMs(this.#attempt, BASE_MS, MAX_MS[reason], this.#tools.random)
    // A Retry-After of 0, or a date that is past here, is no leave to push without a pause.
    this.#told = retryAfterMs !== undefined && retryAfterMs !== 0
    const delay = this.#told ? retryAfterMs as number : backoff
    this.#attempt++
    this.#state = 'waiting'
    this.waitingFor = reason
    this.#timer = setTimeout(() => this.#resume(), delay)
    this.#tools.onRetry(this, reason, message, delay)
  }

  #resume (): void {
    clearTimeout(this.#timer)
    this.waitingFor = undefined
    this.#run()
  }

  #isolate (pending: Pending, answer: Answer & { kind: 'refused' }): void {
    this.#state = 'isolating'
    void this.#tools.isolate(pending, answer).then(replacement => {
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
