import type { Delivery } from '../source/source.ts'
import type { DeliveryFormat } from '../worker/messages/tasks.ts'
import { alignLike, WORD } from '../shared-memory.ts'
import type { Batch } from './batch.ts'
import { Buffers } from './buffers.ts'
import { Lane } from './lane.ts'
import { addToSpans, removeGone } from './spans.ts'

interface Options {
  /** Batches that may be encoded at once: one a worker thread. */
  workers: number
  buffers: Buffers
  formatOf: (address: string) => DeliveryFormat
  /** Whether the senders of the address send again what was not settled when their connection was lost. */
  isRedelivered: (address: string) => boolean
  /** For how long the deliveries of small batches gather; 0 for not at all. */
  lingerMs: number
  /** Whether the address has no time: its senders can send no more, or its budget is nearly used. */
  mustGo: (address: string) => boolean
  /** A delivery came, and is the first of its batch. */
  onOpened: (batch: Batch) => void
  /** Deliveries of this cost were dropped from a batch, because they come again. It may be empty now. */
  onDropped: (batch: Batch, cost: number) => void
  /**
   * For so many ms, nothing that comes from the address can make its batch go earlier, unless much more comes than has
   * lately: its last batch had so many `messages`.
   */
  onQuiet?: (address: string, ms: number, messages: number) => void
  /** Encodes a batch. Resolves when its worker is free again, and never rejects. */
  encode: (batch: Batch) => Promise<void>
  /** A clock in ms that never goes back. */
  now?: () => number
}

/**
 * Group commit in front of the workers. While a worker is idle, deliveries go to it at once. While all workers are
 * busy, deliveries gather into batches, for each address its own, up to a buffer's size. So batches are small when
 * there is little to do and large when there is much. Where little comes, but steadily, it gathers for a while (Pace).
 * A batch goes as soon as one of these holds: its pace allows it, it is large, a message shows a backlog, its
 * senders have no credit or its budget no room left, or the process stops.
 *
 * A delivery may lose its connection while it waits. Where it comes again over another one, it does not go to a worker:
 * Loki would get it twice.
 *
 * The address with the fewest batches in flight is served first, and addresses with equally many take turns. So an
 * address whose batches keep workers busy for long does not hold up another.
 */
export class Batcher {
  readonly #options: Options
  /** By address. The order of the map is the order of turns. */
  readonly #lanes = new Map<string, Lane>()
  readonly #now: () => number
  #running = 0
  #stopping = false
  #closed = false
  /** Fires when the next batch may go that has to wait. */
  #timer: NodeJS.Timeout | undefined
  #wakesAt = Infinity
  #scheduled = false
  #waitingBytes = 0

  constructor (options: Options) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Bytes that wait for a worker. */
  get waitingBytes (): number {
    return this.#waitingBytes
  }

  add (delivery: Delivery): void {
    const lane = this.#laneOf(delivery.address)
    const batch = this.#batchFor(lane, delivery)
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
    lane.came(delivery.message.length)
    this.#waitingBytes += batch.length - before
    this.#schedule()
  }

  /** Deliveries of the address are settled: how many. */
  settled (address: string, deliveries: number): void {
    this.#laneOf(address).pace.settled(deliveries)
  }

  /** From now on, nothing waits for more. */
  hurry (): void {
    this.#stopping = true
    this.#schedule()
  }

  /** Ends the wait for more. Batches that wait stay where they are. */
  close (): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #laneOf (address: string): Lane {
    let lane = this.#lanes.get(address)
    if (lane === undefined) {
      lane = new Lane(this.#options.lingerMs)
      this.#lanes.set(address, lane)
    }
    return lane
  }

  #batchFor ({ queue }: Lane, { address, message }: Delivery): Batch {
    const bytes = message.length + WORD
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
    while (!this.#closed && this.#running < this.#options.workers) {
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
    const { cost, messages } = batch
    removeGone(batch)
    this.settled(batch.address, messages - batch.messages)
    this.#options.onDropped(batch, cost - batch.cost)
  }

  #count (address: string, change: 1 | -1): void {
    this.#running += change
    this.#laneOf(address).inflight += change
  }

  /**
   * The oldest batch of the address whose turn it is, of those whose batches need not wait. The address goes to the end
   * of the order. Where all have to wait, the timer is set for the first.
   */
  #next (): Batch | undefined {
    const now = this.#now()
    let turn: { address: string, lane: Lane } | undefined
    let earliest = Infinity
    for (const [address, lane] of this.#lanes) {
      if (lane.queue.length === 0) continue
      const due = this.#due(address, lane, now)
      if (due > now) earliest = Math.min(earliest, due)
      else if (turn === undefined || lane.inflight < turn.lane.inflight) turn = { address, lane }
    }
    if (turn === undefined) {
      this.#wait(earliest, now)
      this.#tellQuiet(now)
      return undefined
    }
    const { address, lane } = turn
    const batch = lane.take(now)
    this.#lanes.delete(address)
    this.#lanes.set(address, lane)
    return batch
  }

  #due (address: string, lane: Lane, now: number): number {
    const due = lane.due(now)
    const { lingerMs, mustGo } = this.#options
    return lingerMs === 0 || this.#stopping || mustGo(address) ? now : due
  }

  #tellQuiet (now: number): void {
    const { lingerMs, onQuiet } = this.#options
    if (lingerMs === 0 || onQuiet === undefined) return
    for (const [address, lane] of this.#lanes) {
      const quiet = lane.quiet(now)
      if (quiet !== undefined) onQuiet(address, quiet.until - now, quiet.messages)
    }
  }

  /** Each delivery that joins a waiting batch comes here, mostly with the time that the timer is set for. */
  #wait (until: number, now: number): void {
    if (until === this.#wakesAt) return
    clearTimeout(this.#timer)
    this.#wakesAt = until
    if (until === Infinity) return
    this.#timer = setTimeout(() => {
      this.#wakesAt = Infinity
      this.#dispatch()
    }, until - now)
  }
}
