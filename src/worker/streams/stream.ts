import { shardOf } from './labels.ts'

/** One Loki stream, as long as the cache knows it, and the entries of the batch at hand that belong to it. */
export class Stream {
  /** The label string in UTF-8. */
  readonly labels: Uint8Array
  readonly tenant: string
  readonly shard: number

  /** First and last entry in the arena, as indexes; -1 while the stream has none. */
  head = -1
  tail = -1
  /** Bytes and number of those entries. */
  bytes = 0
  entries = 0

  /** Time of the newest record seen, and when the last batch with one came; both in ms since the epoch. */
  newestMs = -Infinity
  lastSeenMs = -Infinity
  /** Loki may not know the stream (any more): see Part.solo. Of the batch at hand. */
  isNewToLoki = true
  /** Of ActiveStreams, when it was last touched there; -1 is never. */
  tick = -1

  /** For Repeats: the message last seen, the newest time in it, its first entry, and its times and lines once needed. */
  message = -1
  newestSeconds = 0
  newestNanos = 0
  firstOfMessage = -1
  seen: Map<string, number> | undefined

  constructor (labels: string, tenant: string, shards: number) {
    this.labels = Buffer.from(labels)
    this.tenant = tenant
    this.shard = shardOf(labels, tenant, shards)
  }

  /** Forgets its entries, once they are written out. */
  clear (): void {
    this.head = this.tail = -1
    this.bytes = this.entries = 0
  }
}
