/** What crosses a boundary between two stages, or between the main thread and a worker. Plain data only. */

/** Why a record lies in quarantine: the closed list behind `lokean_records_quarantined_total{reason}`. */
export const QUARANTINE_REASONS = [
  'invalid_json', 'not_object', 'empty', 'no_message', 'no_timestamp', 'bad_timestamp', 'too_old', 'too_new', 'too_late',
  'no_labels', 'bad_tenant', 'too_many_streams', 'bad_body', 'worker_failed', 'refused'
] as const
export type QuarantineReason = typeof QUARANTINE_REASONS[number]

/** What was changed in a record so that Loki takes it: the closed list behind `lokean_records_mended_total{reason}`. */
export const MEND_REASONS = ['utf8', 'label_cut', 'metadata_cut', 'line_split'] as const
export type MendReason = typeof MEND_REASONS[number]

/** `name` is what Loki sees, `field` the key of the record (or a derived one: level, pid, request_id, ...). */
export interface Mapping { readonly name: string, readonly field: string }

/** Which tenant (`X-Scope-OrgID`) a record belongs to. */
export type TenantRule =
  | { kind: 'none' }
  | { kind: 'fixed', tenant: string }
  | { kind: 'field', field: string }

/**
 * How the bytes of a delivery hold its records. `amqp`: the sections of an AMQP message. `records`: each record behind
 * its length, 32 bits, big-endian.
 */
export type DeliveryFormat = 'amqp' | 'records'

/** What an address says of all its records: that takes the place of what they say themselves. */
export interface Origin {
  readonly address: string
  /** Stream labels. */
  readonly labels: ReadonlyArray<Readonly<{ name: string, value: string }>>
  /** Undefined where the settings' rule holds. */
  readonly tenant: string | undefined
}

/** All that a worker must know to encode; sent once, when its thread starts. */
export interface EncoderSettings {
  labels: readonly Mapping[]
  /** Empty when structured metadata is switched off. */
  metadata: readonly Mapping[]
  tenant: TenantRule
  /** Where records go whose tenant cannot be told, with a `field` rule. */
  quarantineTenant: string
  /** Of the addresses that say something of their records. */
  origins: readonly Origin[]
  shards: number
  /** Largest part, before compression, in bytes. */
  pushBytes: number
  maxLineBytes: number
  maxAgeMs: number
  maxAheadMs: number
  /** How far behind the newest record of its stream one may be. */
  maxDisorderMs: number
  /** ActiveStreams' memory, which all workers share; without it no stream is counted. */
  activeStreams?: SharedArrayBuffer
}

/** What a worker thread is started with. */
export interface WorkerSetup {
  settings: EncoderSettings
  /** Microseconds that all threads have spent on tasks: one number in shared memory. */
  busy: BigInt64Array<SharedArrayBuffer>
}

/**
 * One batch for a worker. `bytes` is shared memory, not a transferred buffer: the main thread keeps the messages until the
 * worker has answered, so a worker that dies takes nothing with it, and the buffer is used again without being allocated. What of it
 * lies behind the messages is the worker's, to leave the parts there.
 */
export interface EncodeTask {
  /** Where all its messages come from. */
  address: string
  format: DeliveryFormat
  bytes: SharedArrayBuffer
  /** Where in `bytes` each message begins and ends, in order; between them lie a few bytes at most. */
  starts: Uint32Array
  ends: Uint32Array
  /** The parts are to be handed over in memory of their own: enough batches' memory waits for Loki already. */
  transfer?: boolean
  /** When the batch was taken from the bus: nanoseconds since the epoch, unique to this batch (see ArrivalClock). */
  arrivalSeconds: number
  arrivalNanos: number
}

/** Compressed PushRequest bytes for one shard of one tenant: what the sink sends, alone or joined with others. */
export interface Part {
  /** `''` when no tenant is set. */
  tenant: string
  shard: number
  /** A snappy block: its length preamble, then its elements. */
  body: Uint8Array
  /** Bytes of the PushRequest before compression. */
  rawBytes: number
  records: number
  /**
   * It holds one stream, which Loki may turn away: one that it may not know (stream limit, disorder), or one with much at once (rate
   * limit of a stream). Such a part is pushed by itself, because Loki 3.4 answers for the last stream of a push only (the ingester's
   * instance.Push keeps one error): what it turns away before goes unmentioned, with a 204.
   */
  solo: boolean
}

export interface EncodeResult {
  parts: Part[]
  /** The parts' bodies lie in the task's own memory: it may be used again when they are not needed any more. */
  shared: boolean
  /** Records found, the quarantined among them. */
  records: number
  /** By index into QUARANTINE_REASONS. */
  quarantined: Uint32Array
  /** By index into MEND_REASONS. */
  mended: Uint32Array
  /** Tenants that were found to have too many streams, and nobody was told of lately. */
  cardinalityReports: CardinalityReport[]
  /** The oldest timestamp of a record that was stored under its own time, in milliseconds; NaN where there was none. */
  oldestMs: number
}

/** Asks a worker to store a whole AMQP message as it came, and look into nothing. The arrival time, and a nanosecond for each byte behind it, is for the quarantine stream. */
export interface QuarantineMessageTask {
  address: string
  message: Uint8Array
  arrivalSeconds: number
  arrivalNanos: number
}

/** A tenant with too many streams, or that would have if more were let in. */
export interface CardinalityReport {
  tenant: string
  /** How many there are. */
  streams: number
  /** How many values each label has among so many of the tenant's newest streams, the most first. */
  newest: number
  values: Array<readonly [label: string, values: number]>
}

/** Asks a worker to narrow down what Loki has refused in a part. The arrival time, and a nanosecond for each byte behind it, is for the quarantine stream. */
export interface BisectTask {
  part: Part
  arrivalSeconds: number
  arrivalNanos: number
  /** What Loki said. */
  reason: string
}

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

/** Whether a neighbour is as it should be, in words too: for /readyz, and the live page. */
export interface Check { ok: boolean, detail: string }

/** By name: each source's own, and Loki's. */
export type Checks = Record<string, Check> & { loki: Check }
