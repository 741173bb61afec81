import { labelText, type Label } from '../store/label-set.ts'
import type { Messages } from './messages.ts'
import { Refusal, type RejectReason } from './refusal.ts'

/** The limits on what a tenant may push and ask for. `Infinity` turns a limit off. */
export interface Limits {
  lineBytes: number
  /** Older entries are refused. In ms. */
  maxAgeMs: number
  /** Entries that are further ahead of the clock are refused. In ms. */
  aheadMs: number
  /** Entries that are further behind the newest entry of their stream are refused. In ms. */
  disorderMs: number
  labelNames: number
  labelNameBytes: number
  labelValueBytes: number
  /** Labels that every stream must have. */
  enforcedLabels: readonly string[]
  /** Whether entries may have structured metadata. */
  metadata: boolean
  metadataPairs: number
  metadataBytes: number
  /** One tenant's lines and metadata, in bytes a second, and the bytes that may come at once. */
  rateBytes: number
  burstBytes: number
  streams: number
  /** A stream with more bytes a second is divided into shards, each a stream of its own. */
  shardRateBytes: number
  /** Whether entries of one push and stream with equal times are moved apart. */
  incrementDuplicateTimestamp: boolean
  /** The largest message between Loki's own parts. A larger push fails with 500. */
  messageBytes: number
  queryEntries: number
  querySeries: number
  queryLengthMs: number
}

/** The defaults of Loki 3.4. */
export const defaultLimits: Readonly<Limits> = {
  lineBytes: 262_144,
  maxAgeMs: 7 * 86_400_000,
  aheadMs: 600_000,
  disorderMs: 3_600_000,
  labelNames: 15,
  labelNameBytes: 1024,
  labelValueBytes: 2048,
  enforcedLabels: [],
  metadata: true,
  metadataPairs: 128,
  metadataBytes: 65_536,
  rateBytes: 4 * 1_048_576,
  burstBytes: 6 * 1_048_576,
  streams: 5000,
  shardRateBytes: 1536 * 1024,
  incrementDuplicateTimestamp: false,
  messageBytes: 4_194_304,
  queryEntries: 5000,
  querySeries: 500,
  queryLengthMs: 721 * 3_600_000
}

/** `2026-11-22T08:10:14Z`, from whole seconds since 1970. */
export function rfc3339 (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, 'Z').replace(/^[+-]0*(?=\d{4})/, '')
}

/**
 * What is wrong with the labels of a tenant's stream, or nothing. They are as stored, with `service_name`, which does
 * not count.
 */
export function labelProblem (tenant: string, labels: readonly Label[], limits: Limits, messages: Messages): Refusal | undefined {
  const names = labels.length - (labels.some(({ name }) => name === 'service_name') ? 1 : 0)
  const text = labelText(labels)
  const refuse = (reason: RejectReason, message: string): Refusal => new Refusal(400, message, reason)
  if (names > limits.labelNames) {
    return refuse('max_label_names_per_series', `entry for stream '${text}' has ${names} label names; limit ${limits.labelNames}`)
  }
  let last = ''
  for (const { name, value } of labels) {
    if (Buffer.byteLength(name) > limits.labelNameBytes) {
      return refuse('label_name_too_long', `stream '${text}' has label name too long: '${name}'`)
    }
    if (Buffer.byteLength(value) > limits.labelValueBytes) {
      return refuse('label_value_too_long', `stream '${text}' has label value too long: '${value}'`)
    }
    if (name === last) return refuse('duplicate_label_names', `stream '${text}' has duplicate label name: '${name}'`)
    last = name
  }
  const missing = limits.enforcedLabels.filter((enforced) => !labels.some(({ name }) => name === enforced))
  if (missing.length > 0) return refuse('missing_enforced_labels', messages.missingLabels(missing.join(','), tenant, text))
  return undefined
}

/** The times between which an entry is accepted, for one push at `nowMs`. */
export class EntryWindow {
  readonly #limits: Limits
  readonly #messages: Messages
  readonly #oldestMs: number
  readonly #newestMs: number

  constructor (limits: Limits, messages: Messages, nowMs: number) {
    this.#limits = limits
    this.#messages = messages
    this.#oldestMs = nowMs - limits.maxAgeMs
    this.#newestMs = nowMs + limits.aheadMs
  }

  /** Refuses an entry of the stream `text` that exceeds a limit. The limits are checked in Loki's order. */
  problem (seconds: number, nanos: number, lineBytes: number, pairs: number, metadataBytes: number, text: string): Refusal | undefined {
    const limits = this.#limits
    const messages = this.#messages
    const ms = seconds * 1000 + nanos / 1e6
    if (ms < this.#oldestMs) {
      return new Refusal(400, `entry for stream '${text}' has timestamp too old: ${rfc3339(seconds)}, ` +
        `oldest acceptable timestamp is: ${rfc3339(Math.floor(this.#oldestMs / 1000))}`, 'greater_than_max_sample_age')
    }
    if (ms > this.#newestMs) return new Refusal(400, `entry for stream '${text}' has timestamp too new: ${rfc3339(seconds)}`, 'too_far_in_future')
    if (lineBytes > limits.lineBytes) return new Refusal(400, messages.lineTooLong(limits.lineBytes, text, lineBytes), 'line_too_long')
    if (pairs > 0 && !limits.metadata) return new Refusal(400, messages.metadataDisallowed(text), 'disallowed_structured_metadata')
    if (metadataBytes > limits.metadataBytes) {
      return new Refusal(400, messages.metadataTooLarge(text, metadataBytes, limits.metadataBytes), 'structured_metadata_too_large')
    }
    if (pairs > limits.metadataPairs) {
      return new Refusal(400, messages.metadataTooMany(text, pairs, limits.metadataPairs), 'structured_metadata_too_many')
    }
    return undefined
  }
}

/** A tenant's ingestion rate: `rateBytes` a second, up to `burstBytes` at once. A push is taken whole or not at all. */
export class TokenBucket {
  readonly #limits: Limits
  #tokens: number
  #filledAt: number

  constructor (limits: Limits, nowMs: number) {
    this.#limits = limits
    this.#tokens = limits.burstBytes
    this.#filledAt = nowMs
  }

  take (bytes: number, nowMs: number): boolean {
    const { rateBytes, burstBytes } = this.#limits
    if (rateBytes === Infinity || burstBytes === Infinity) return true
    const elapsed = Math.max(0, nowMs - this.#filledAt)
    this.#tokens = Math.min(burstBytes, this.#tokens + elapsed / 1000 * rateBytes)
    this.#filledAt = Math.max(this.#filledAt, nowMs)
    if (bytes > this.#tokens) return false
    this.#tokens -= bytes
    return true
  }
}
