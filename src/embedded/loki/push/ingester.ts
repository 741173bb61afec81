import type { Arrival, Chunk } from '../store/entry-table.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'
import type { NamedStream, Part } from './known-streams.ts'
import { rfc3339, type Limits } from './limits.ts'
import { goTime, messageSize } from './loki-text.ts'
import type { Messages } from './messages.ts'
import type { PushColumns } from './push-columns.ts'
import { Refusal, type RejectCounts } from './refusal.ts'

/** What is valid of a push, and is one ingester's. */
export interface Share {
  columns: PushColumns
  parts: readonly Part[]
  chunk: Chunk
  chunkNumber: number
}

export interface IngesterOptions {
  store: Store
  limits: Limits
  messages: Messages
  rejected: RejectCounts
  /** How many ingesters there are: each takes that part of a tenant's streams. */
  ingesters: number
}

const mostShownErrors = 10

/** One of Loki's ingesters: takes its share of each push in one message, and keeps its own count of streams. */
export class Ingester {
  readonly #options: IngesterOptions
  /** By tenant. */
  readonly #streams = new Map<string, number>()

  constructor (options: IngesterOptions) {
    this.#options = options
  }

  /**
   * Stores a share; answers with the refusal of it, or nothing. Loki keeps the outcome of the last stream alone, so
   * that a later one that is stored hides an earlier one's refusal: a client must not read 204 as "all stored" where
   * limits may strike.
   */
  push (tenant: string, share: Share): Refusal | undefined {
    const { limits, rejected } = this.#options
    const { columns, parts, chunk } = share
    const size = messageSize(columns, parts, chunk.buf, limits.messageBytes)
    if (size > limits.messageBytes) {
      rejected.message_too_large += parts.reduce((sum, { entries }) => sum + entries.length, 0)
      return new Refusal(500, `rpc error: code = ResourceExhausted desc = grpc: received message larger than max (${size} vs. ${limits.messageBytes})`)
    }
    let outcome: Refusal | undefined
    for (const part of parts) outcome = this.#pushStream(tenant, share, part)
    return outcome
  }

  #pushStream (tenant: string, share: Share, part: Part): Refusal | undefined {
    const { store, rejected } = this.#options
    const { named, entries } = part
    named.stream ??= store.stream(tenant, named.text) ?? this.#createStream(tenant, named)
    if (named.stream !== undefined) return this.#append(tenant, named.stream, share, entries)
    rejected.stream_limit += entries.length
    return new Refusal(429, this.#options.messages.streamLimit(named.text, tenant))
  }

  #createStream (tenant: string, { labels }: NamedStream): StoredStream | undefined {
    const { store, limits, ingesters } = this.#options
    const count = this.#streams.get(tenant) ?? 0
    if (count >= Math.floor(limits.streams / ingesters)) return undefined
    this.#streams.set(tenant, count + 1)
    return store.createStream(tenant, labels)
  }

  /** Stores what is not too far behind the stream's newest entry. */
  #append (tenant: string, stream: StoredStream, { columns, chunk, chunkNumber }: Share, entries: readonly number[]): Refusal | undefined {
    const { store, limits, rejected } = this.#options
    const late: string[] = []
    const disorder = limits.disorderMs / 1000
    const arrival: Arrival = { seconds: 0, nanos: 0, chunk, chunkNumber, entryStart: 0, entryEnd: 0, lineStart: 0, lineEnd: 0 }
    for (const entry of entries) {
      const seconds = arrival.seconds = columns.seconds[entry]!
      const nanos = arrival.nanos = columns.nanos[entry]!
      const oldest = stream.newestSeconds - disorder
      if (seconds < oldest || (seconds === oldest && nanos < stream.newestNanos)) {
        rejected.too_far_behind++
        late.push(`entry with timestamp ${goTime(seconds, nanos)} ignored, reason: 'entry too far behind, entry timestamp is: ` +
          `${rfc3339(seconds)}, oldest acceptable timestamp is: ${rfc3339(Math.floor(oldest))}',\n`)
        continue
      }
      arrival.entryStart = columns.entryStart[entry]!
      arrival.entryEnd = columns.entryEnd[entry]!
      arrival.lineStart = columns.lineStart[entry]!
      arrival.lineEnd = columns.lineEnd[entry]!
      store.add(stream, arrival, columns.storedPairs[entry]!)
    }
    if (late.length === 0) return undefined
    return new Refusal(400, `${late.slice(0, mostShownErrors).join('')}user '${tenant}', total ignored: ${late.length} out of ${entries.length} for stream: ${stream.text}`)
  }
}
