import type { Chunk } from '../store/entry-table.ts'
import type { Label } from '../store/label-set.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'
import { rfc3339, type Limits } from './limits.ts'
import { goTime, messageSize } from './loki-text.ts'
import type { Messages } from './messages.ts'
import type { PushColumns } from './push-columns.ts'
import { Refusal, type RejectCounts } from './refusal.ts'

/** A stream as pushes name it; it is there from the first entry on that is stored in it. */
export interface NamedStream {
  labels: readonly Label[]
  text: string
  stream: StoredStream | undefined
}

/** What is valid of a push, and the places in it of the streams that are one ingester's. */
export interface Share {
  columns: PushColumns
  accepted: Uint8Array
  streams: readonly NamedStream[]
  places: readonly number[]
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
    const { columns, accepted, streams, places, chunk } = share
    const size = messageSize(columns, streams, places, accepted, chunk.buf, limits.messageBytes)
    if (size > limits.messageBytes) {
      rejected.message_too_large += places.reduce((sum, place) => sum + acceptedOf(share, place), 0)
      return new Refusal(500, `rpc error: code = ResourceExhausted desc = grpc: received message larger than max (${size} vs. ${limits.messageBytes})`)
    }
    let outcome: Refusal | undefined
    for (const place of places) outcome = this.#pushStream(tenant, share, place)
    return outcome
  }

  #pushStream (tenant: string, share: Share, place: number): Refusal | undefined {
    const { store, rejected } = this.#options
    const named = share.streams[place]!
    named.stream ??= store.stream(tenant, named.text) ?? this.#createStream(tenant, named)
    if (named.stream !== undefined) return this.#append(tenant, named.stream, share, place)
    rejected.stream_limit += acceptedOf(share, place)
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
  #append (tenant: string, stream: StoredStream, share: Share, place: number): Refusal | undefined {
    const { store, limits, rejected } = this.#options
    const { columns, accepted, chunk, chunkNumber } = share
    const late: string[] = []
    const disorder = limits.disorderMs / 1000
    for (let entry = columns.firstEntry[place]!; entry < columns.firstEntry[place + 1]!; entry++) {
      if (accepted[entry] === 0) continue
      const seconds = columns.seconds[entry]!
      const nanos = columns.nanos[entry]!
      const oldest = stream.newestSeconds - disorder
      if (seconds < oldest || (seconds === oldest && nanos < stream.newestNanos)) {
        rejected.too_far_behind++
        late.push(`entry with timestamp ${goTime(seconds, nanos)} ignored, reason: 'entry too far behind, entry timestamp is: ` +
          `${rfc3339(seconds)}, oldest acceptable timestamp is: ${rfc3339(Math.floor(oldest))}',\n`)
        continue
      }
      store.add(
        stream, seconds, nanos, chunk, chunkNumber, columns.entryStart[entry]!, columns.entryEnd[entry]!, columns.lineStart[entry]!,
        columns.lineEnd[entry]!
      )
    }
    if (late.length === 0) return undefined
    return new Refusal(400, `${late.slice(0, mostShownErrors).join('')}user '${tenant}', total ignored: ${late.length} out of ${acceptedOf(share, place)} for stream: ${stream.text}`)
  }
}

function acceptedOf ({ columns, accepted }: Share, place: number): number {
  let count = 0
  for (let entry = columns.firstEntry[place]!; entry < columns.firstEntry[place + 1]!; entry++) count += accepted[entry]!
  return count
}

/**
 * Which of `ingesters` a stream is of: each has an equal arc of the ring on which Loki hashes tenant and labels
 * (FNV-1).
 */
export function ingesterOf (tenant: string, labels: string, ingesters: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(tenant + labels)) hash = Math.imul(hash, 0x01000193) ^ byte
  return Math.floor((hash >>> 0) / 2 ** 32 * ingesters)
}
