import { labelText, withServiceName, type Label } from '../store/label-set.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import { parseLabels } from './label-parser.ts'
import { labelProblem, type Limits } from './limits.ts'
import type { Messages } from './messages.ts'
import type { Refusal } from './refusal.ts'
import { shardLabels, StreamShards } from './stream-shards.ts'

/** A stream as pushes name it; it is there from the first entry on that is stored in it. */
export interface NamedStream {
  labels: readonly Label[]
  text: string
  stream: StoredStream | undefined
  /** Whose the stream is. */
  ingester: number
}

/** What a label text of pushes means, worked out once. */
export interface KnownStream extends NamedStream {
  problem: Refusal | undefined
  shards: StreamShards
  /** The streams of its shards, by their numbers. */
  shardStreams: NamedStream[]
}

/** What one stream gets of a push: entries, by their places in it, and their size. */
export interface Part<T extends NamedStream = NamedStream> {
  named: T
  entries: number[]
  bytes: number
}

const mostKnown = 100_000

/** The streams of one tenant. */
export class KnownStreams {
  readonly #tenant: string
  readonly #limits: Limits
  readonly #messages: Messages
  readonly #ingesters: number
  /**
   * The key is the text as sent, with its bytes read as latin1: that costs no decoding, and is as unique as the bytes.
   */
  readonly #known = new Map<string, KnownStream>()
  /** By the stream's canonical text. */
  readonly #shards = new Map<string, StreamShards>()

  constructor (tenant: string, limits: Limits, messages: Messages, ingesters: number) {
    this.#tenant = tenant
    this.#limits = limits
    this.#messages = messages
    this.#ingesters = ingesters
  }

  /** Must be called when limits have changed. */
  clear (): void {
    this.#known.clear()
  }

  read (buf: Buffer, start: number, end: number): KnownStream {
    const key = buf.toString('latin1', start, end)
    let known = this.#known.get(key)
    if (known === undefined) {
      const labels = withServiceName(parseLabels(buf.toString('utf8', start, end)))
      const problem = labelProblem(this.#tenant, labels, this.#limits, this.#messages)
      const named = this.#name(labels)
      known = { ...named, problem, shards: this.#shardsOf(named.text), shardStreams: [] }
      if (this.#known.size >= mostKnown) {
        this.#known.clear()
        this.#shards.clear()
      }
      this.#known.set(key, known)
    }
    return known
  }

  /** Divides a part of a push between the stream's shards, where it has any. Counts as a push for the stream's rate. */
  divide (part: Part<KnownStream>, nowMs: number): Part[] {
    const { named: known, entries, bytes } = part
    const shards = known.shards.divide(entries.length, bytes, this.#limits.shardRateBytes, nowMs)
    if (shards === undefined) return [part]
    return shards.map((shard, turn) => {
      const named = known.shardStreams[shard] ??= this.#name(shardLabels(known.labels, shard))
      return { named, entries: entries.filter((_, i) => i % shards.length === turn), bytes: bytes / shards.length }
    })
  }

  #name (labels: readonly Label[]): NamedStream {
    const text = labelText(labels)
    return { labels, text, stream: undefined, ingester: ingesterOf(this.#tenant, text, this.#ingesters) }
  }

  #shardsOf (text: string): StreamShards {
    let shards = this.#shards.get(text)
    if (shards === undefined) this.#shards.set(text, shards = new StreamShards())
    return shards
  }
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
