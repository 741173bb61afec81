import { writeSync } from 'node:fs'
import type { Readable } from 'node:stream'

/**
 * What the process that reads a Unix datagram socket and the one that started it say to each other. Down its stdin comes one byte: begin to
 * read; and its end: stop, or nobody is there any more. On file descriptor 3 it answers with frames: the payload's length and what it takes
 * of the budget, 32 bits each, big-endian, and the payload: a delivery of the format `records`, or with a cost of 0 a report in JSON.
 */
export const PIPE = 3

export type UnixReport =
  /** `queue`: how many datagrams the kernel holds for the socket before a sender has to wait; null where it does not tell. */
  | { kind: 'listening', queue: number | null }
  /** Why it ends. */
  | { kind: 'failed', reason: string }

const HEAD = 8
const AGAIN_MS = 5
const never = new Int32Array(new SharedArrayBuffer(4))

/** Blocks, with the whole process, until all is written. Throws EPIPE when there is nobody to read it. */
export function writeFrame (fd: number, payload: Uint8Array, cost: number): void {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(payload.length, 0)
  head.writeUInt32BE(cost, 4)
  const frame = Buffer.concat([head, payload])
  for (let at = 0; at < frame.length;) {
    try {
      at += writeSync(fd, frame, at)
    } catch (error) {
      // The pipe blocks, as whoever starts the process makes it; should it not, then this does.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(never, 0, 0, AGAIN_MS)
    }
  }
}

/** Takes frames out of a stream that is not flowing. */
export class FrameTaker {
  readonly #stream: Readable
  #head: Buffer | undefined

  constructor (stream: Readable) {
    this.#stream = stream
  }

  /** The next frame, or undefined while it is not all there, or costs more than `room`. What a stream ends with that is no whole frame is dropped. */
  next (room: number): { payload: Buffer, cost: number } | undefined {
    this.#head ??= this.#read(HEAD)
    if (this.#head === undefined) return undefined
    const cost = this.#head.readUInt32BE(4)
    // A report costs nothing: it comes through where there is less than no room, too.
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
