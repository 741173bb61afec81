import type { Socket } from 'node:net'
import { Digits } from './digits.ts'
import type { MessagePool } from './message-pool.ts'
import { Outgoing } from './outgoing.ts'
import type { Pace, PaceOptions } from './pace.ts'
import { createPace } from './paces.ts'
import { TimesRecorder } from './times.ts'
import { DELIVERY_ID_AT, DELIVERY_TAG_AT, framePool, type FramedPool, type Link } from './transfer-frames.ts'

/** The size of one write, and how many writes may wait in the socket. */
const CHUNK_BYTES = 256 * 1024
const CHUNKS = 8
/** More messages than the program's budget has room for. */
const RING = 2 ** 18
/** The longest step between two records of a message. */
const STEP_MICROS = 50

/** All fields count records, except `messages`. */
export interface LinkCounts { sent: number, settled: number, messages: number, behind: number }

/**
 * Sends the messages of a pool over one link, as far as the peer's credit and window allow, in transfer frames that it
 * writes itself. It copies a frame out of the pool and writes new times and numbers into the copy, so no two records
 * that it sends are equal. The first record is number 0. The times of each host rise strictly.
 */
export class LoadLink {
  /** From sending to settlement, and from when a message was due to its settlement. */
  readonly times = new TimesRecorder()
  readonly lags = new TimesRecorder()
  readonly outgoing = new Outgoing((first, last) => this.#settled(first, last), () => this.#later())
  readonly #pool: MessagePool
  readonly #framed: FramedPool
  readonly #socket: Socket
  readonly #free: Buffer[]
  readonly #digits = new Digits()
  readonly #newest: Float64Array
  /** When each delivery was sent, in a ring by delivery id. A negative value says that it is not on its way. */
  readonly #sentAt = new Float64Array(RING).fill(-1)
  /** When it was due, where the pace tells. */
  readonly #dueAt = new Float64Array(RING)
  #pace: Pace | undefined
  /** The messages before the pace began. */
  #before = 0
  #timer: NodeJS.Timeout | undefined
  #scheduled = false
  #stoppedAt: number | undefined
  #onDrained: (() => void) | undefined
  #settledMessages = 0
  // The message that is being written: its next frame, the end of its frames, and the first record that still needs its
  // time and number.
  #frame = 0
  #lastFrame = 0
  #timeAt = 0
  #numberAt = 0
  #endRecord = 0
  #number = 0
  #second = 0
  #micros = 0
  #step = 0

  constructor (pool: MessagePool, link: Link, socket: Socket) {
    this.#pool = pool
    this.#framed = framePool(pool, link)
    this.#socket = socket
    this.#newest = new Float64Array(pool.hosts)
    this.#free = Array.from({ length: CHUNKS }, () => Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, link.maxFrameSize)))
  }

  /** Can be called again after `stop`. */
  start (pace: PaceOptions): void {
    const { hosts, recordsPerMessage, messages } = this.#pool
    clearInterval(this.#timer)
    this.#stoppedAt = undefined
    this.#before = this.outgoing.messages
    this.#pace = createPace(pace, { hosts, recordsPerMessage, messages: messages.length }, performance.now(), RING)
    if ('rate' in pace) this.#timer = setInterval(() => this.#pump(), 1).unref()
    this.#later()
  }

  counts (): LinkCounts {
    const { recordsPerMessage: records } = this.#pool
    const { messages } = this.outgoing
    const due = this.#pace?.due(this.#stoppedAt ?? performance.now()) ?? 0
    const behind = Math.max(0, due - (messages - this.#before))
    return { sent: messages * records, settled: this.#settledMessages * records, messages: this.#settledMessages, behind: behind * records }
  }

  get unsettled (): number { return this.outgoing.messages - this.#settledMessages }

  /** Starts no further message. Resolves when all messages on their way are settled. */
  async stop (): Promise<void> {
    this.#stoppedAt = performance.now()
    if (this.unsettled > 0) await new Promise<void>(resolve => { this.#onDrained = resolve })
  }

  #later (): void {
    if (this.#scheduled || this.#pace === undefined) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** Fills one chunk only, so that the socket's input is read between two chunks. */
  #pump (): void {
    const chunk = this.#free.pop()
    if (chunk === undefined) return
    const { frameStart } = this.#framed
    const now = performance.now()
    let used = 0
    while (this.#frame < this.#lastFrame || this.#begin(now)) {
      if (this.outgoing.frames <= 0) break
      if (used + frameStart[this.#frame + 1] - frameStart[this.#frame] > chunk.length) {
        this.#later()
        break
      }
      used = this.#writeFrame(chunk, used)
    }
    if (used === 0) this.#free.push(chunk)
    else {
      this.#socket.write(chunk.subarray(0, used), () => {
        this.#free.push(chunk)
        this.#later()
      })
    }
  }

  /** Starts the next message, if one may be sent. */
  #begin (now: number): boolean {
    const { outgoing } = this
    if (this.#stoppedAt !== undefined || outgoing.credit <= 0 || outgoing.frames <= 0 || this.#sentAt[outgoing.messages % RING] >= 0) {
      return false
    }
    const message = this.#pace?.next(now) ?? -1
    if (message < 0) return false
    const { hosts, recordsPerMessage } = this.#pool
    this.#sentAt[outgoing.messages % RING] = now
    this.#dueAt[outgoing.messages % RING] = this.#pace?.dueAt ?? now
    this.#frame = this.#framed.firstFrame[message]
    this.#lastFrame = this.#framed.firstFrame[message + 1]
    this.#timeAt = this.#numberAt = message * recordsPerMessage
    this.#endRecord = this.#timeAt + recordsPerMessage
    this.#number = outgoing.messages * recordsPerMessage
    outgoing.messages++

    const host = message % hosts
    const wall = Math.floor((performance.timeOrigin + now) * 1000)
    const from = Math.max(this.#newest[host], wall - recordsPerMessage * STEP_MICROS)
    this.#step = Math.max(1, Math.floor((wall - from) / recordsPerMessage))
    this.#newest[host] = from + this.#step * recordsPerMessage
    this.#second = Math.floor((from + this.#step) / 1e6)
    this.#micros = from + this.#step - this.#second * 1e6
    return true
  }

  #writeFrame (chunk: Buffer, at: number): number {
    const { bytes, frameStart, times, numbers } = this.#framed
    const start = frameStart[this.#frame]
    const end = frameStart[++this.#frame]
    const id = this.outgoing.messages - 1
    const shift = at - start
    bytes.copy(chunk, at, start, end)
    chunk.writeUInt32BE(id, at + DELIVERY_ID_AT)
    chunk.writeUInt32BE(id, at + DELIVERY_TAG_AT)
    for (; this.#timeAt < this.#endRecord && times[this.#timeAt] < end; this.#timeAt++) {
      this.#digits.time(chunk, times[this.#timeAt] + shift, this.#second, this.#micros)
      this.#micros += this.#step
      if (this.#micros >= 1e6) {
        this.#micros -= 1e6
        this.#second++
      }
    }
    for (; this.#numberAt < this.#endRecord && numbers[this.#numberAt] < end; this.#numberAt++) {
      this.#digits.number(chunk, numbers[this.#numberAt] + shift, this.#number++)
    }
    this.outgoing.next_transfer_id++
    return end + shift
  }

  #settled (first: number, last: number): void {
    const now = performance.now()
    for (let id = first; id <= last; id++) {
      const sentAt = this.#sentAt[id % RING]
      if (id >= this.outgoing.messages || sentAt < 0) throw new Error(`the program settled delivery ${id}, which is not on its way`)
      this.#sentAt[id % RING] = -1
      this.times.record(now - sentAt)
      this.lags.record(now - this.#dueAt[id % RING])
      this.#pace?.settled(id - this.#before)
    }
    this.#settledMessages += last - first + 1
    if (this.#stoppedAt !== undefined && this.unsettled === 0) this.#onDrained?.()
  }
}
