import type { Delivery } from '../source/source.ts'
import type { DeliveryFormat } from '../worker/messages.ts'
import { alignLike, WORD } from '../shared-memory.ts'
import type { Batch } from './batch.ts'
import { Buffers } from './buffers.ts'

interface Options {
  /** Batches that may be encoded at once: one a worker thread. */
  workers: number
  buffers: Buffers
  formatOf: (address: string) => DeliveryFormat
  /** Whether the senders of the address send again what was not settled when their connection was lost. */
  isRedelivered: (address: string) => boolean
  /** A delivery came, and is the first of its batch. */
  onOpened: (batch: Batch) => void
  /** Deliveries of this cost were dropped from a batch, because they come again. It may be empty now. */
  onDropped: (batch: Batch, cost: number) => void
  /** Encodes a batch. Resolves when its worker is free again, and never rejects. */
  encode: (batch: Batch) => Promise<void>
}

/**
 * Group commit in front of the workers. While a worker is idle, deliveries go to it at once. While all workers are
 * busy, deliveries gather into batches, for each address its own, up to a buffer's size. So batches are small when
 * there is little to do and large when there is much, and no timer makes a delivery wait.
 *
 * A delivery may lose its connection while it waits. Where it comes again over another one, it does not go to a worker:
 * Loki would get it twice.
 *
 * The address with the fewest batches in flight is served first, and addresses with equally many take turns. So an
 * address whose batches keep workers busy for long does not hold up another.
 */
export class Batcher {
  readonly #options: Options
  /**
   * The full batches of each address and, last, the one that is filling. The order of the map is the order of turns.
   */
  readonly #waiting = new Map<string, Batch[]>()
  /** The number of batches that are with a worker, by address. */
  readonly #inflight = new Map<string, number>()
  #running = 0
  #scheduled = false
  #waitingBytes = 0

  constructor (options: Options) {
    this.#options = options
  }

  /** Bytes that wait for a worker. */
  get waitingBytes (): number {
    return this.#waitingBytes
  }

  add (delivery: Delivery): void {
    const batch = this.#batchFor(delivery)
    const before = batch.length
    const start = alignLike(batch.length, delivery.message)
    batch.view.set(delivery.message, start)
    batch.length = start + delivery.message.length
    addToSpans(batch, delivery)
    if (delivery.redelivered === true) batch.redelivered.push(batch.messages)
    if (delivery.fingerprint !== undefined) batch.fingerprints.push(delivery.fingerprint)
    batch.messages++
    batch.cost += delivery.cost
    batch.starts.push(start)
    batch.ends.push(batch.length)
    this.#waitingBytes += batch.length - before
    this.#schedule()
  }

  #batchFor ({ address, message }: Delivery): Batch {
    const bytes = message.length + WORD
    let queue = this.#waiting.get(address)
    if (queue === undefined) this.#waiting.set(address, queue = [])
    const open = queue.at(-1)
    if (open !== undefined && open.length + bytes <= open.room) return open
    const buffer = this.#options.buffers.lease(bytes)
    const batch: Batch = {
      address,
      format: this.#options.formatOf(address),
      opened: { at: performance.now() },
      spans: [],
      messages: 0,
      cost: 0,
      bytes: buffer,
      room: Buffers.room(buffer),
      view: new Uint8Array(buffer),
      length: 0,
      starts: [],
      ends: [],
      fingerprints: [],
      redelivered: []
    }
    queue.push(batch)
    this.#options.onOpened(batch)
    return batch
  }

  /**
   * Waits for a microtask: the deliveries of one read from the socket come in one go, and should leave in one batch.
   */
  #schedule (): void {
    if (this.#scheduled || this.#running === this.#options.workers) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#dispatch()
    })
  }

  #dispatch (): void {
    while (this.#running < this.#options.workers) {
      const batch = this.#next()
      if (batch === undefined) return
      this.#waitingBytes -= batch.length
      if (this.#options.isRedelivered(batch.address)) this.#dropGone(batch)
      if (batch.messages === 0) {
        this.#options.buffers.release(batch.bytes)
        continue
      }
      this.#count(batch.address, 1)
      void this.#options.encode(batch).then(() => {
        this.#count(batch.address, -1)
        this.#dispatch()
      })
    }
  }

  #dropGone (batch: Batch): void {
    if (!batch.spans.some(({ connection }) => connection.gone)) return
    const { cost } = batch
    removeGone(batch)
    this.#options.onDropped(batch, cost - batch.cost)
  }

  #count (address: string, change: 1 | -1): void {
    this.#running += change
    this.#inflight.set(address, (this.#inflight.get(address) ?? 0) + change)
  }

  /** The oldest batch of the address whose turn it is. The address goes to the end of the order. */
  #next (): Batch | undefined {
    let turn: { address: string, queue: Batch[], inflight: number } | undefined
    for (const [address, queue] of this.#waiting) {
      const inflight = this.#inflight.get(address) ?? 0
      if (turn === undefined || inflight < turn.inflight) turn = { address, queue, inflight }
    }
    if (turn === undefined) return undefined
    const { address, queue } = turn
    const batch = queue.shift()
    this.#waiting.delete(address)
    if (queue.length > 0) this.#waiting.set(address, queue)
    return batch
  }
}

/** Deliveries of one link are consecutive and make one span. Deliveries of many connections come mixed. */
function addToSpans ({ spans }: Batch, { connection, id, cost }: Delivery): void {
  const span = spans.at(-1)
  if (span?.connection === connection && id === ((span.last + 1) >>> 0)) {
    span.last = id
    span.cost += cost
  } else spans.push({ connection, first: id, last: id, cost })
}

/** Removes the deliveries whose connection is gone. Their bytes stay where they are. */
function removeGone (batch: Batch): void {
  const { spans, starts, ends, fingerprints, redelivered } = batch
  const stays: boolean[] = []
  for (const { connection, first, last } of spans) {
    for (let left = (last - first) >>> 0; left >= 0; left--) stays.push(!connection.gone)
  }
  batch.spans = spans.filter(({ connection }) => !connection.gone)
  batch.starts = starts.filter((_start, message) => stays[message])
  batch.ends = ends.filter((_end, message) => stays[message])
  batch.fingerprints = fingerprints.filter((_fingerprint, message) => stays[message])
  let kept = 0
  const places = stays.map(stay => stay ? kept++ : undefined)
  batch.redelivered = redelivered.flatMap(message => places[message] ?? [])
  batch.messages = batch.starts.length
  batch.cost = batch.spans.reduce((sum, { cost }) => sum + cost, 0)
}
