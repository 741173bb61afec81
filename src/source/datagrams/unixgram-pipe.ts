import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'

/**
 * File descriptor 3, on which the process that reads a Unix datagram socket answers the process that started it. A
 * frame has the payload's length and its cost, 32 bits each, big-endian, and then the payload: a delivery of the format
 * `syslog`, or, with a cost of 0, a report in JSON.
 *
 * Stdin goes the other way. One byte tells the process to begin to read. The end of stdin tells it to stop, also where
 * the process that started it has died.
 */
export const PIPE = 3

export type UnixReport =
  /**
   * `queue` is the number of datagrams that the kernel holds for the socket before a sender has to wait; null where the
   * kernel does not say.
   */
  | { kind: 'listening', queue: number | null }
  /** `reason` says why the process ends. */
  | { kind: 'failed', reason: string }

const HEAD = 8
const AGAIN_MS = 5
const never = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the whole process until all is written. Throws EPIPE where nobody reads. */
export function writeFrame (fd: number, payload: Uint8Array, cost: number): void {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(payload.length, 0)
  head.writeUInt32BE(cost, 4)
  const frame = Buffer.concat([head, payload])
  for (let at = 0; at < frame.length;) {
    try {
      at += writeSync(fd, frame, at)
    } catch (error) {
      // The pipe blocks, as the process that started this one makes it so. Where it does not block, this wait does.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(never, 0, 0, AGAIN_MS)
    }
  }
}

/** Takes frames out of a stream that is paused. */
export class FrameTaker {
  readonly #stream: Readable
  #head: Buffer | undefined

  constructor (stream: Readable) {
    this.#stream = stream
  }

  /** The cost of the next frame. Undefined before its head has come. */
  get cost (): number | undefined {
    return this.#head?.readUInt32BE(4)
  }

  /**
   * Returns the next frame. Undefined while the frame has not come whole, or costs more than `room`. A part of a frame
   * at the end of the stream is dropped.
   */
  next (room: number): { payload: Buffer, cost: number } | undefined {
    this.#head ??= this.#read(HEAD)
    if (this.#head === undefined) return undefined
    const cost = this.#head.readUInt32BE(4)
    // A report costs nothing. It passes also where `room` is below 0.
    if (cost > Math.max(0, room)) return undefined
    const payload = this.#read(this.#head.readUInt32BE(0))
    if (payload === undefined) return undefined
    this.#head = undefined
    return { payload, cost }
  }

  #read (length: number): Buffer | undefined {
    const bytes = this.#stream.read(length) as Buffer | null
    return bytes === null || bytes.length < length ? undefined : bytes
  }
}
