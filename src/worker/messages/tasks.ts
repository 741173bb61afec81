/** Types that cross from one stage to the next, or between the main thread and a worker. Plain data only. */

/**
 * How the bytes of a delivery hold its records. Numbers are big-endian.
 *
 * - `amqp`: the sections of an AMQP message.
 * - `records`: each record, in JSON, behind its length, 32 bits.
 * - `syslog`: the length of the sender's address, 8 bits, and the address in ASCII; there may be none. Then each
 *   record, in JSON or with a header of syslog, behind its length and the nanoseconds to add to its time, 32 bits each.
 *   A record is a message of its own here. So the source counts those with equal times, and each gets another time.
 */
export type DeliveryFormat = 'amqp' | 'records' | 'syslog'

/**
 * One batch for a worker. `bytes` is shared memory, not a transferred buffer. So the main thread keeps the messages
 * until the worker has answered, a worker that dies loses nothing, and the buffer is used again without an allocation.
 * The worker may leave the parts in `bytes`, behind the messages.
 */
export interface EncodeTask {
  /** All messages of the batch come from this address. */
  address: string
  format: DeliveryFormat
  bytes: SharedArrayBuffer
  /** Where in `bytes` each message begins and ends, in order. Bytes between them are not used. */
  starts: Uint32Array
  ends: Uint32Array
  /** Which messages their sender has sent before, by index. */
  redelivered?: readonly number[]
  /** The worker must transfer the parts in memory of their own: the memory of enough batches waits for Loki already. */
  transfer?: boolean
  /** When the batch was taken from the bus: nanoseconds since the epoch, unique to this batch (see ArrivalClock). */
  arrivalSeconds: number
  arrivalNanos: number
}

/** A stream that Loki may not know: its place in ActiveStreams. */
export interface NewStream {
  slot: number
  id: number
  /** Until then, in ms since the epoch, no record of the part can be too far behind, whoever has written the stream. */
  safeUntilMs: number
}

/** Compressed PushRequest bytes for one shard of one tenant. The sink pushes a part by itself or joined with others. */
export interface Part {
  /** All records of the part come from this address. */
  address: string
  /** `''` when no tenant is set. */
  tenant: string
  shard: number
  /** A snappy block: its length preamble, then its elements. */
  body: Uint8Array
  /** Bytes of the PushRequest before compression. */
  rawBytes: number
  records: number
  /**
   * The part needs a push of its own. It holds one stream, which Loki may reject: one with old records (another writer
   * may have brought newer ones), or one with much at once (rate limit of a stream). Loki reports only the error of the
   * last stream of an ingester's share (its instance.Push keeps one error). In a joined push, it may reject such a
   * stream and still answer 204.
   */
  solo: boolean
  /** The part holds one stream, which Loki may not know. It needs a push of its own, unless StreamRoom has room. */
  newStream?: NewStream | undefined
  /** A hash of the part's only stream. The sink pushes solo parts of one stream one after the other, in their order. */
  stream?: number
  /** The part holds quarantined records only, and no part holds them beside others. */
  quarantine: boolean
}

export interface OddNames { host: string, source: string }

/** `host`: the labels of which a host is told, as a selector has them: `{cloud="cloud1", host="compute-1"}`. */
export interface HostCount { host: string, records: number }

export interface EncodeResult {
  parts: Part[]
  /** The bodies of the parts lie in the memory of the task. That memory may be used again once the parts are stored. */
  shared: boolean
  /** Records found, the quarantined ones included. */
  records: number
  /** How many of them are in messages that their sender has sent before. */
  redelivered: number
  /** How many held nothing but NULs, and are not stored. */
  empty: number
  /** How many were pieces of a container's line, and are stored as part of the one before. */
  joined: number
  /** How many records each rule of the settings has dropped, by index. */
  dropped: Uint32Array
  /** Of how many records each rule has taken something out, by index. */
  redacted: Uint32Array
  /** By index into QUARANTINE_REASONS. */
  quarantined: Uint32Array
  /** By index into MEND_REASONS. */
  mended: Uint32Array
  /** Tenants that have too many streams, where the log has had no warning of them lately. */
  cardinalityReports: CardinalityReport[]
  /** The first of which one is no host or no source. */
  oddNames?: OddNames | undefined
  /** The hosts with the most records since this was told last; undefined where it is too early to tell again. */
  loudHosts?: readonly HostCount[] | undefined
  /** The oldest timestamp of a record that keeps its own time, in milliseconds; NaN where there is none. */
  oldestMs: number
}

/**
 * Asks a worker to put a whole AMQP message into quarantine as it came, without looking into it. The quarantine stream
 * has it at the arrival time: the task owns that time and a nanosecond more for each byte of the message.
 */
export interface QuarantineMessageTask {
  address: string
  message: Uint8Array
  arrivalSeconds: number
  arrivalNanos: number
}

/** A tenant that has more streams than its limit, or would have with one more. */
export interface CardinalityReport {
  tenant: string
  /** How many streams the tenant has, or would have. */
  streams: number
  /** How many of the tenant's newest streams were looked at. */
  newest: number
  /** How many values each label has among these streams. The label with the most comes first. */
  values: Array<readonly [label: string, values: number]>
}

/**
 * Asks a worker to bisect a part that Loki has rejected. A rejected record goes to quarantine at the arrival time: the
 * task owns that time and a nanosecond more for each byte of the part.
 */
export interface BisectTask {
  part: Part
  arrivalSeconds: number
  arrivalNanos: number
  /** The answer of Loki. */
  reason: string
  /** The tenant's limit on lines, where Loki told one that is lower than the setting. */
  maxLineBytes?: number | undefined
}

/** The most shapes of a part that a worker looks at. Records of an address differ in the fields that they have. */
export const MOST_SHAPES = 8

/** A line in quarantine is not cut into shorter pieces than this. */
export const LEAST_LINE_BYTES = 256

/** Asks a worker for the shapes of a part's entries. Witnesses of them get the time, and a nanosecond more each. */
export interface ShapesTask { part: Part, seconds: number, nanos: number }

/**
 * The label names and names of metadata of an entry, with a compressed push of one harmless entry that has the same.
 */
export interface Shape { key: string, body: Uint8Array }

/** Asks a worker how to find the entries of these parts, which are of one tenant, in Loki. */
export interface LookUpTask { parts: Part[] }

export interface LookedUp {
  /** LogQL. */
  selector: string
  /** The times of the entries, in nanoseconds since the epoch. */
  first: bigint
  last: bigint
  /** Bytes of an entry on average, uncompressed. */
  entryBytes: number
}

/** Asks a worker for the parts without the entries that are in Loki already. */
export interface SubtractTask {
  parts: Part[]
  /** By the labels under which Loki has them; `time` in nanoseconds since the epoch. */
  found: ReadonlyArray<{
    labels: Readonly<Record<string, string>>
    entries: ReadonlyArray<{ time: string, line: string, metadata: Readonly<Record<string, string>> }>
  }>
}

/** Asks a worker to take those entries out of the part that Loki has told to be too far behind, for backlog streams. */
export interface BacklogTask {
  part: Part
  /** The labels of their stream, as Loki writes them; undefined where its text was cut. */
  stream: string | undefined
  /** Entries before this time are too far behind. */
  oldest: { seconds: number, nanos: number }
}

/** Parts of backlog streams, how many records they hold, and the part that is left without these. */
export interface Backlog { parts: Part[], records: number, rest: Part | undefined }

export type Bisected =
  | { kind: 'halves', parts: Part[] }
  | { kind: 'entry', entry: RejectedEntry, part: Part }

/** One line of a dead-letter file. */
export interface RejectedEntry {
  reason: string
  tenant: string
  stream: string
  /** Nanoseconds since the epoch. */
  timestamp: string
  line: string
  metadata: Record<string, string>
}

/** Whether the bus, the socket or Loki is well, and why or why not. `/readyz` and the live page show it. */
export interface Check {
  ok: boolean
  detail: string
  /** What an operator has to do, where nothing else helps. */
  mend?: string
}

/** By name: each source's own, and Loki's. */
export type Checks = Record<string, Check> & { loki: Check }
