import { shardOf } from './labels.ts'

/** A Loki stream, and its entries of the present batch. It lives as long as the cache knows it. */
export class Stream {
  /** The label string in UTF-8. */
  readonly labels: Uint8Array
  readonly tenant: string
  readonly shard: number
  /** The stream holds quarantined records. */
  readonly quarantine: boolean
  /** The stream holds records that are too far behind another stream. */
  isBacklog = false
  /** Records share the stream whose host or source cannot be that. */
  isShared = false

  /** See HostCount; '' where its labels tell no host. And its entries that LoudHosts has not told of yet. */
  host = ''
  untold = 0

  /** The indexes of its first and last entry in the arena; -1 where there is none. */
  head = -1
  tail = -1
  /** The bytes and the number of its entries. */
  bytes = 0
  entries = 0

  /** The time of its newest record, and the arrival of its last batch, in ms since the epoch. */
  newestMs = -Infinity
  lastSeenMs = -Infinity
  /** Of its newest record, what the other workers have been told. */
  toldMs = 0
  /** When the other workers were last told that Loki knows it, in ms since the epoch. */
  shownMs = 0
  /** Whether Loki may not know the stream, or not any more, at the present batch: see Part.newStream. */
  isNewToLoki = true
  /** Whether some entry is so old that another writer may have put it too far behind. */
  mayBeLate = false
  /** The tick of ActiveStreams at which the stream was last touched, and its slot there; -1 for none. */
  tick = -1
  slot = -1
  /** The streams for records that are too far behind, by their span of time. */
  backlog: Map<number, Stream> | undefined

  /**
   * For EntryTimes: the last batch that had an entry of it, the newest entry's time there, and by how many nanoseconds
   * that one made way; the number of its times among those that are taken, -1 where they have only risen; the last
   * message that was a repeat, and the entry of the original that comes next.
   */
  timedIn = -1
  newestSeconds = 0
  newestNanos = 0
  moved = 0
  owner = -1
  repeatedIn = -1
  repeated = -1

  constructor (labels: string, tenant: string, shards: number, quarantine = false) {
    this.labels = Buffer.from(labels)
    this.tenant = tenant
    this.shard = shardOf(labels, tenant, shards)
    this.quarantine = quarantine
  }

  /** Forgets its entries, when they are in parts. */
  clear (): void {
    this.head = this.tail = -1
    this.bytes = this.entries = 0
    this.mayBeLate = false
  }
}
