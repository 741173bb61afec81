import type { Batch } from '../../batch/batch.ts'
import type { Around, Encode } from '../../pipeline/around.ts'
import type { DeadLetterStore, PartTicket } from '../../sink/sink.ts'
import type { Replayed } from '../../source/replay/replay-source.ts'
import type { RejectedEntry } from '../../worker/messages/tasks.ts'
import type { QuarantineReason } from '../../worker/messages/reasons.ts'
import { entriesOf, rejectedAs } from './rejected.ts'
import { encodeWithoutFaults, type Fault } from './trial.ts'

/**
 * What became of a message. `stored`: its records are in Loki; `again` counts those that are in quarantine again, each
 * for its own reason. `left`: nothing of it is stored, or not all; `detail` is Loki's answer where it refused some.
 */
export type Outcome =
  | { kind: 'stored', again: ReadonlyMap<QuarantineReason, number> }
  | { kind: 'left', reason: QuarantineReason, detail?: string }

/** A batch, its messages, and how many of their entries Loki refused. */
interface Job<M> { batch: Batch, messages: M[], refused: number, told?: Promise<ReadonlyMap<M, string>> }

const NONE = new Map<QuarantineReason, number>()

/**
 * Tells what becomes of each message. The pipeline treats batches as a whole, so this stands around its stages. What
 * would go to quarantine again does not reach the sink (encodeWithoutFaults). What Loki refuses comes here in place of
 * a dead-letter directory. Each refused entry is then compared with what the messages of its batch become when each is
 * encoded alone. Where that does not tell them all, the whole batch counts as refused: it may be sent again, and is not
 * lost.
 */
export class Outcomes<M extends Replayed> implements Around, DeadLetterStore {
  readonly name = 'the list of what is not replayed'
  readonly maxBytes = Infinity
  readonly blocked = false
  readonly #messageOf: (id: number) => M
  readonly #faults = new WeakMap<M, Fault>()
  readonly #jobs = new WeakMap<Batch, Job<M>>()
  readonly #jobOf = new WeakMap<M, Job<M>>()
  readonly #rejected = new Set<RejectedEntry>()
  #encode!: Encode

  /** `messageOf`: the message of a delivery. */
  constructor (messageOf: (id: number) => M) {
    this.#messageOf = messageOf
  }

  encode (encode: Encode): Encode {
    this.#encode = encode
    return async (batch, transfer) => {
      const ids = batch.spans.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
      const messages = ids.map(id => this.#messageOf(id))
      const job: Job<M> = { batch, messages, refused: 0 }
      this.#jobs.set(batch, job)
      for (const message of messages) this.#jobOf.set(message, job)
      return await encodeWithoutFaults(encode, batch, transfer, (index, fault) => {
        const message = messages[index]
        if (message !== undefined) this.#faults.set(message, fault)
      })
    }
  }

  ticket (batch: Batch, ticket: PartTicket): PartTicket {
    const job = this.#jobs.get(batch)
    return {
      resolvePart: () => { ticket.resolvePart() },
      split: parts => {
        if (parts === 0 && job !== undefined) job.refused++
        ticket.split(parts)
      }
    }
  }

  async write (entry: RejectedEntry): Promise<void> {
    this.#rejected.add(entry)
    await Promise.resolve()
  }

  bytes (): number {
    return 0
  }

  async close (): Promise<void> {
    await Promise.resolve()
  }

  /** What became of a message that is settled. */
  async of (message: M): Promise<Outcome> {
    const fault = this.#faults.get(message)
    const [reason] = fault?.reasons.keys() ?? []
    if (reason !== undefined && fault?.inPart === false) return { kind: 'left', reason }
    const job = this.#jobOf.get(message)
    if (job !== undefined && job.refused > 0) {
      job.told ??= this.#tellApart(job)
      const detail = (await job.told).get(message)
      if (detail !== undefined) return { kind: 'left', reason: 'refused', detail }
    }
    return { kind: 'stored', again: fault?.reasons ?? NONE }
  }

  /** The messages of which Loki refused an entry, with its answer. */
  async #tellApart ({ batch, messages, refused }: Job<M>): Promise<ReadonlyMap<M, string>> {
    const answers = new Map<M, string>()
    let told = 0
    for (const message of messages) {
      const { parts } = await this.#encode(alone(message, batch), true).catch(() => ({ parts: [] }))
      for (const entry of entriesOf(parts)) {
        const rejected = rejectedAs(entry, this.#rejected)
        if (rejected === undefined) continue
        this.#rejected.delete(rejected)
        answers.set(message, rejected.reason)
        told++
      }
    }
    return told === refused ? answers : new Map(messages.map(message => [message, answers.get(message) ?? UNSURE]))
  }
}

const UNSURE = 'Loki refused some records of a batch, and it is not known which: all of it stays'

/** A batch of one message. The memory of its own batch has others by now. */
function alone ({ message }: Replayed, batch: Batch): Batch {
  const bytes = new SharedArrayBuffer(message.length)
  const view = new Uint8Array(bytes)
  view.set(message)
  const { length } = message
  return { ...batch, spans: [], messages: 1, bytes, room: length, view, length, starts: [0], ends: [length] }
}
