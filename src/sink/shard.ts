import type { RetryReason } from './classify.ts'
import { countResent, doubt, needsLookUp } from './doubt.ts'
import { nextPush } from './next-push.ts'
import { PartQueue } from './part-queue.ts'
import type { Limited } from './push-limits.ts'
import type { Attempt, Pending, Rejected, ShardTools } from './shard-tools.ts'

/** Solo pushes at the same time. With one, a start with many new streams would take a round trip for each stream. */
const MAX_SOLO_PUSHES = 8

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
 * A solo part (ShardTools.isSolo) at the head moves to a shard of its own, up to MAX_SOLO_PUSHES of them. The parts
 * behind wait until all solo pushes are stored: they may hold more of the same streams, which Loki must know by then.
 *
 *     any but closed --(a solo part is at the head)--> solo --(solo pushes stored, none at the head)--> pushing, idle
 *
 *     pushing --(rejected, several parts)--> pushing, one part a push
 *     pushing --(rejected, one part)--> ruling --(a record is at fault)--> pushing what takes the part's place
 *                                          `----(a condition is)--> waiting, or the part is set aside --> pushing
 *     pushing --(the part at the head is larger than the tenant's limit)--> ruling, halves it --> pushing
 *
 *     any --(Loki may have the next parts, and can be asked)--> looking up --> pushing what it does not have
 *
 * Retries have no end. A shard pushes the same parts again in the same order: what Loki had stored before, it then
 * stores once as far as it recognises it.
 */
export class Shard {
  readonly tenant: string
  readonly index: number
  readonly #tools: ShardTools
  readonly #queue = new PartQueue()
  /** Each pushes one solo part, of this stream. */
  readonly #soloShards = new Map<Shard, number | undefined>()
  readonly #isSolo: boolean
  #state: 'idle' | 'pushing' | 'waiting' | 'ruling' | 'looking up' | 'solo' | 'closed' = 'idle'
  #attempt = 0
  #limited: Limited | undefined
  #woken = false
  #timer: NodeJS.Timeout | undefined
  #waitingFor: RetryReason | undefined

  constructor (tenant: string, index: number, tools: ShardTools, isSolo = false) {
    this.tenant = tenant
    this.index = index
    this.#tools = tools
    this.#isSolo = isSolo
  }

  /** Compressed bytes that wait or are being pushed. */
  get bytes (): number {
    let bytes = this.#queue.bytes
    for (const shard of this.#soloShards.keys()) bytes += shard.bytes
    return bytes
  }

  /** Why the shard, or one of its solo pushes, waits or tries again; undefined while none does. */
  get waitingFor (): RetryReason | undefined {
    return this.#waitingFor ?? [...this.#soloShards.keys()].find(({ waitingFor }) => waitingFor !== undefined)?.waitingFor
  }

  add (pending: Pending): void {
    this.#queue.push(pending)
    if (this.#state === 'idle' || this.#state === 'solo') this.#next()
  }

  /**
   * Ends a pause, because Loki has just stored another shard's push; not that for a limit (429), which is a tenant's.
   * Works once until Loki answers this shard too: a push that fails while all others succeed keeps its growing pauses.
   */
  wake (): void {
    if (this.#state !== 'waiting' || this.#waitingFor === '429' || this.#woken) return
    this.#woken = true
    this.#resume()
  }

  /** Ends a pause, whatever its reason. */
  hurry (): void {
    for (const shard of this.#soloShards.keys()) shard.hurry()
    if (this.#state === 'waiting') this.#resume()
  }

  /** Drops all parts, their tickets unresolved: the deliveries stay unsettled, and the bus delivers them again. */
  close (): void {
    this.#state = 'closed'
    for (const shard of this.#soloShards.keys()) shard.close()
    this.#soloShards.clear()
    clearTimeout(this.#timer)
    this.#queue.clear()
  }

  #run (): void {
    const hold = this.#tools.hold()
    if (hold !== undefined) return this.#wait(hold.reason, hold.ms)
    const { pushBytes, limit, isSolo } = this.#tools
    const sent = nextPush(this.#queue, Math.min(pushBytes, limit()), isSolo)
    const [first] = sent
    if (first === undefined) return this.#next()
    if (first.part.rawBytes > this.#tools.limit() && first.part.records > 1) return this.#halve(first)
    const { lookUp } = this.#tools
    if (lookUp !== undefined && needsLookUp(sent)) return this.#lookUp(sent, lookUp)
    this.#state = 'pushing'
    countResent(sent, this.#tools.onResent)
    const alone = first.solo === true || isSolo(first.part, 0)
    void this.#tools.push(this, sent.map(({ part }) => part), alone).then(attempt => {
      if (this.#state !== 'closed') this.#answered(sent, attempt)
    })
  }

  #answered (sent: Pending[], { answer, endpoint, joined, rawBytes, first }: Attempt): void {
    doubt(sent, answer, joined, this.#tools.now())
    switch (answer.kind) {
      case 'stored':
        this.#reachedLoki()
        this.#queue.replace(sent, [])
        this.#next()
        for (const { ticket } of sent) ticket.resolvePart()
        break
      case 'retry':
        if (answer.reason === '429' && this.#neverFits(sent, answer.message, rawBytes) && !joined) {
          return this.#rejected(sent, false, { kind: 'rejected', status: 429, message: answer.message.replace(/^429 /, ''), fault: 'size' }, endpoint)
        }
        return this.#pause(answer.reason, answer.message, answer.hint, first)
      case 'rejected':
        return this.#rejected(sent, joined, answer, endpoint)
    }
  }

  #lookUp (sent: Pending[], lookUp: NonNullable<ShardTools['lookUp']>): void {
    this.#state = 'looking up'
    void lookUp(sent).then(rest => {
      if (this.#state === 'closed') return
      this.#queue.replace(sent, rest.filter(pending => pending !== undefined))
      this.#next()
      for (const [i, { ticket }] of sent.entries()) if (rest[i] === undefined) ticket.resolvePart()
    })
  }

  #rejected (sent: Pending[], joined: boolean, answer: Rejected, endpoint: number): void {
    const [first, second] = sent
    if (first !== undefined && second === undefined && !joined) return this.#rule(first, answer, endpoint)
    for (const pending of sent) pending.solo = true
    this.#run()
  }

  /** Notes that a rate limit refused a push. Returns whether the push is one entry that Loki could never store. */
  #neverFits (sent: Pending[], message: string, bytes: number): boolean {
    const before = this.#limited !== undefined && bytes >= this.#limited.bytes ? this.#limited : { since: this.#tools.now(), attempts: 0 }
    this.#limited = { bytes, message, since: before.since, attempts: before.attempts + 1 }
    const never = this.#tools.limited(this.#limited)
    return never && sent.length === 1 && sent[0]?.part.records === 1
  }

  #reachedLoki (): void {
    this.#attempt = 0
    this.#limited = undefined
    this.#woken = false
  }

  #next (): void {
    this.#waitingFor = undefined
    while (!this.#isSolo && this.#soloShards.size < MAX_SOLO_PUSHES) {
      const head = this.#queue.at(0)
      if (head === undefined || !this.#tools.isSolo(head.part, 0) || [...this.#soloShards.values()].includes(head.part.stream)) break
      this.#pushSolo(head)
    }
    if (this.#soloShards.size > 0) this.#state = 'solo'
    else if (this.#queue.length > 0) this.#run()
    else {
      this.#state = 'idle'
      this.#tools.forget(this)
      this.#tools.onIdle(this)
    }
  }

  #pushSolo (pending: Pending): void {
    this.#queue.replace([pending], [])
    const shard = new Shard(this.tenant, this.index, {
      ...this.#tools,
      onIdle: () => {
        this.#soloShards.delete(shard)
        if (this.#state === 'solo') this.#next()
      }
    }, true)
    this.#soloShards.set(shard, pending.part.stream)
    shard.add(pending)
  }

  /** Loki may send a Retry-After of 0, or a date that is past by this clock: the shard pauses all the same. */
  #pause (reason: RetryReason, message: string, hint: string | undefined, first = true): void {
    const delay = Math.max(this.#tools.hold()?.ms ?? 0, this.#tools.pause(reason, this.#attempt))
    this.#attempt++
    this.#wait(reason, delay)
    this.#tools.onRetry(this, reason, message, delay, hint, first)
  }

  #wait (reason: RetryReason, delayMs: number): void {
    this.#state = 'waiting'
    this.#waitingFor = reason
    this.#timer = setTimeout(() => this.#resume(), delayMs)
  }

  #resume (): void {
    clearTimeout(this.#timer)
    this.#run()
  }

  #rule (pending: Pending, answer: Rejected, endpoint: number): void {
    this.#state = 'ruling'
    pending.rejectedAt ??= this.#tools.now()
    void this.#tools.rule(pending, answer, endpoint).then(ruling => {
      if (this.#state === 'closed' || ruling === undefined) return
      switch (ruling.kind) {
        case 'replaced':
          this.#reachedLoki()
          return this.#putInPlace(pending, ruling.by)
        case 'held':
          if (!this.#tools.setAside(pending, ruling)) return this.#pause('blocked', ruling.message, ruling.hint)
          this.#queue.replace([pending], [])
          return this.#next()
        case 'later':
          return this.#pause(ruling.answer.reason, ruling.answer.message, ruling.answer.hint)
      }
    })
  }

  #halve (pending: Pending): void {
    this.#state = 'ruling'
    void this.#tools.halve(pending).then(halves => {
      if (this.#state !== 'closed' && halves !== undefined) this.#putInPlace(pending, halves)
    })
  }

  /** A rejected record that goes to quarantine leaves the queue: there, it would hold up others where it is refused. */
  #putInPlace (pending: Pending, replacement: Pending[]): void {
    this.#queue.replace([pending], replacement.filter(one => !one.part.quarantine || !this.#tools.setAside(one)))
    this.#next()
    pending.ticket.split(replacement.length)
  }
}
