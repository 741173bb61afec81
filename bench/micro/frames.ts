import { FrameReader } from '../../src/source/amqp/frames.ts'
import { MAX_FRAME_SIZE } from '../../src/source/amqp/credit.ts'
import { readTransfer } from '../../src/source/amqp/transfer.ts'
import { createPool } from '../harness/load/message-pool.ts'
import { DELIVERY_ID_AT, framePool } from '../harness/load/transfer-frames.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { rheaFrames } from './rhea-frames.ts'

/** The bytes that Node reads from a socket at a time. */
const READ_BYTES = 64 * 1024
const HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1')

/**
 * Compares ways from the bytes of a socket to deliveries: an id and the message's place. The read itself is a copy,
 * either into the reader's one buffer or into a newly allocated one, as in Node.
 *
 * Lokean's own reader was chosen. rhea's reader makes an object of each field of a frame, and a receiver reads only
 * four of them.
 */
export async function frames (effort: Effort): Promise<MicroResult[]> {
  const results: MicroResult[] = []
  for (const recordsPerMessage of [1, 100]) {
    const { reads, deliveries } = stream(recordsPerMessage)
    results.push(await compare({
      question: `frames to deliveries, ${recordsPerMessage} record${recordsPerMessage === 1 ? '' : 's'} each`,
      unit: 'µs a delivery',
      per: deliveries,
      alternatives: [
        { name: 'one buffer, what a receiver needs', chosen: true, run: ownReader(reads, frame => readTransfer(frame) ?? never()) },
        { name: 'one buffer, rhea\'s read_frame', run: ownReader(reads, readByRhea) },
        { name: 'a buffer a read, rhea\'s read_frame', run: rheasReader(reads) }
      ]
    }, effort))
  }
  return results
}

interface Delivery { id: number | undefined, more: boolean, payload: Uint8Array }

function stream (recordsPerMessage: number): { reads: Buffer[], deliveries: number } {
  const { bytes, frameStart } = framePool(createPool({ recordsPerMessage, hosts: 20 }), {
    channel: 1, handle: 0, maxFrameSize: MAX_FRAME_SIZE
  })
  const deliveries = frameStart.length - 1
  for (let id = 0; id < deliveries; id++) bytes.writeUInt32BE(id, frameStart[id] + DELIVERY_ID_AT)
  return {
    reads: Array.from({ length: Math.ceil(bytes.length / READ_BYTES) }, (_, i) => bytes.subarray(i * READ_BYTES, (i + 1) * READ_BYTES)),
    deliveries
  }
}

function ownReader (reads: readonly Buffer[], read: (frame: Buffer) => Delivery) {
  let receiver = (_delivery: Delivery): void => {}
  const reader = new FrameReader(frame => { if (frame.length > HEADER.length) receiver(read(frame)) })
  const feed = (bytes: Buffer): void => {
    bytes.copy(reader.room)
    reader.read(bytes.length)
  }
  feed(HEADER)
  return (look?: Look): number => {
    const received = new Received(look)
    receiver = received.take
    for (const bytes of reads) feed(bytes)
    return received.bytes
  }
}

/** Takes input as rhea's connection does: the rest of one read goes in front of the next. */
function rheasReader (reads: readonly Buffer[]) {
  return (look?: Look): number => {
    const received = new Received(look)
    let left: Buffer | undefined
    for (const bytes of reads) {
      const read = Buffer.allocUnsafeSlow(READ_BYTES).subarray(0, bytes.length)
      bytes.copy(read)
      const input = left === undefined ? read : Buffer.concat([left, read])
      let at = 0
      while (at + 4 < input.length) {
        const size = input.readUInt32BE(at)
        if (at + size > input.length) break
        received.take(readByRhea(input.subarray(at, at + size)))
        at += size
      }
      left = at < input.length ? input.subarray(at) : undefined
    }
    return received.bytes
  }
}

function readByRhea (frame: Buffer): Delivery {
  const { performative, payload } = rheaFrames.read_frame(frame)
  return { id: performative.delivery_id ?? undefined, more: performative.more === true, payload }
}

class Received {
  bytes = 0
  readonly #look: Look | undefined

  constructor (look: Look | undefined) {
    this.#look = look
  }

  readonly take = ({ id, more, payload }: Delivery): void => {
    if (more) never()
    this.bytes += payload.length
    this.#look?.([id, Buffer.from(payload).toString('latin1')])
  }
}

function never (): never {
  throw new Error('a frame that is not a whole delivery')
}
