import type { Settleable } from '../ack/settler.ts'
import type { Batch } from './batch.ts'
import { Buffers } from './buffers.ts'
import { alignLike, WORD } from '../shared-memory.ts'

/** A delivery as the source hands it on: its message is only valid until the call returns. */
export interface Delivery {
  address: string
  link: Settleable
  id: number
  message: Uint8Array
  /** What it takes of the budget: its bytes and a little more. */
  cost: number
}

interface Options {
  /** How many batches may be encoded at once: one a worker thread. */
  workers: number
  buffers: Buffers
  /** Encodes a batch; resolves when its worker is free again, and never rejects. */
  encode: (batch: Batch) => Promise<void>
}

/**
 * Group commit in front of the workers. While one is idle, what has arrived goes to it at once; while all are busy, deliveries
 * gather, each address on its own, up to a buffer's size a batch. So batches are small when there is little to do and large when
 * there is much, and no timer makes anybody wait.
 *
 * Batches hold one address each. The address with the fewest batches under way is served first, and addresses with equally many
 * take turns: one whose batches keep workers busy for long does not hold up another's.
 */
export class Batcher {
  readonly #options: Options
  /** Full or closed batches and, last, the one that is filling, by address; the order of the map is the turn. */
  readonly #waiting = new Map<string, Batch[]>()
  /** Batches under way, by address. */
  readonly #underWay = new Map<string, number>()
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
    batch.last = delivery.id
    batch.messages++
    batch.cost += delivery.cost
    batch.starts.push(start)
    batch.ends.push(batch.length)
    this.#waitingBytes += batch.length - before
    this.#schedule()
  }

  #batchFor ({ address, link, id, message }: Delivery): Batch {
    const bytes = message.length + WORD
    let queue = this.#waiting.get(address)
    if (queue === undefined) this.#waiting.set(address, queue = [])
    const open = queue.at(-1)
    if (open !== undefined && open.link === link && open.length + bytes <= open.room) return open
    const buffer = this.#options.buffers.lease(bytes)
    const batch: Batch = {
      address,
      link,
      first: id,
      last: id,
      messages: 0,
      cost: 0,
      bytes: buffer,
      room: Buffers.room(buffer),
      view: new Uint8Array(buffer),
      length: 0,
      starts: [],
      ends: []
    }
    queue.push(batch)
    return batch
  }

  /** Behind the burst: the deliveries of one read from the socket arrive in one go and should leave in one batch. */
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
      this.#count(batch.address, 1)
      this.#waitingBytes -= batch.length
      void this.#options.encode(batch).then(() => {
        this.#count(batch.address, -1)
        this.#dispatch()
      })
    }
  }

  #count (address: string, change: 1 | -1): void {
    this.#running += change
    this.#underWay.set(address, (this.#underWay.get(address) ?? 0) + change)
  }

  /** The oldest batch of the address whose turn it is; the address then goes to the end of the line. */
  #next (): Batch | undefined {
    let turn: { address: string, queue: Batch[], underWay: number } | undefined
    for (const [address, queue] of this.#waiting) {
      const underWay = this.#underWay.get(address) ?? 0
      if (turn === undefined || underWay < turn.underWay) turn = { address, queue, underWay }
    }
    if (turn === undefined) return undefined
    const { address, queue } = turn
    const batch = queue.shift()
    this.#waiting.delete(address)
    if (queue.length > 0) this.#waiting.set(address, queue)
    return batch
  }
}
