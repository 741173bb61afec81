import { sortLabels, type Label } from '../store/label-set.ts'

/** Of a moving average's new value, the part that the newest second makes up. */
const weight = 0.4
const shardLabel = '__stream_shard__'

/**
 * The rate of a stream, and the shards that a push of it is divided into, as Loki's distributor does it. The rate is a
 * moving average over whole seconds, so a stream's first pushes are never divided.
 */
export class StreamShards {
  /** The second that is measured now, and what it has had so far. */
  #second = 0
  #bytes = 0
  #pushes = 0
  /** Of the seconds before. */
  #averageBytes = 0
  #averagePushes = 0
  /** The shard that begins the next push, so that small pushes reach all shards. */
  #next = 0

  /**
   * Counts a push, and returns the numbers of its shards, or nothing where it stays whole. The first entry goes to the
   * first shard, the second to the second, and so on in turn.
   */
  divide (entries: number, bytes: number, bytesPerShard: number, nowMs: number): number[] | undefined {
    this.#tick(Math.floor(nowMs / 1000))
    this.#bytes += bytes
    this.#pushes++
    const expected = this.#averageBytes + bytes * Math.min(1, this.#averagePushes)
    const shards = this.#averagePushes === 0 ? 1 : Math.ceil(expected / bytesPerShard)
    if (shards <= 1) return undefined
    const first = this.#next
    const used = Math.min(shards, entries)
    this.#next = first + used
    return Array.from({ length: used }, (_, turn) => (first + turn) % shards)
  }

  #tick (second: number): void {
    const passed = second - this.#second
    if (passed <= 0) return
    const fading = (1 - weight) ** (passed - 1)
    const kept = this.#averagePushes === 0 ? 0 : 1 - weight
    this.#averageBytes = (kept * this.#averageBytes + (1 - kept) * this.#bytes) * fading
    this.#averagePushes = (kept * this.#averagePushes + (1 - kept) * this.#pushes) * fading
    this.#second = second
    this.#bytes = this.#pushes = 0
  }
}

/** A shard is a stream of its own, with one more label, which queries show. */
export function shardLabels (labels: readonly Label[], shard: number): Label[] {
  return sortLabels([...labels.filter(({ name }) => name !== shardLabel), { name: shardLabel, value: String(shard) }])
}
