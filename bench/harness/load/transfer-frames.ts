import { NUMBER_BYTES, TIMESTAMP_BYTES, type MessagePool } from './message-pool.ts'

/** The offsets of the delivery id and the tag in a frame's head. Both hold the same four-byte number. */
export const DELIVERY_ID_AT = 17
export const DELIVERY_TAG_AT = 23
const HEAD_BYTES = 30

export interface Link {
  channel: number
  handle: number
  /** The largest frame that the peer takes, in bytes. */
  maxFrameSize: number
}

/**
 * All messages of a pool in one buffer, laid out as transfer frames, with the offsets of all fields that are filled in.
 * Frame f is `bytes[frameStart[f], frameStart[f + 1])`. Message m has the frames from `firstFrame[m]` up to
 * `firstFrame[m + 1]`, and the records from `m * recordsPerMessage` on. No frame ends inside digits that are filled in.
 */
export interface FramedPool {
  readonly bytes: Buffer
  readonly frameStart: Int32Array
  readonly firstFrame: Int32Array
  readonly times: Int32Array
  readonly numbers: Int32Array
}

export function framePool ({ messages, recordsPerMessage }: MessagePool, link: Link): FramedPool {
  const pieces: Buffer[] = []
  const frameStart = [0]
  const firstFrame = [0]
  const times = new Int32Array(messages.length * recordsPerMessage)
  const numbers = new Int32Array(times.length)
  let length = 0
  for (const [index, message] of messages.entries()) {
    const cuts = cutPoints(message.bytes.length, link.maxFrameSize - HEAD_BYTES, message.times, message.numbers)
    for (let cut = 0; cut + 1 < cuts.length; cut++) {
      const payload = message.bytes.subarray(cuts[cut], cuts[cut + 1])
      pieces.push(transferHead(link, payload.length, cut + 2 < cuts.length), payload)
      const shift = length + HEAD_BYTES - cuts[cut]
      for (let i = 0; i < recordsPerMessage; i++) {
        const within = (at: number): boolean => at >= cuts[cut] && at < cuts[cut + 1]
        if (within(message.times[i])) times[index * recordsPerMessage + i] = message.times[i] + shift
        if (within(message.numbers[i])) numbers[index * recordsPerMessage + i] = message.numbers[i] + shift
      }
      length += HEAD_BYTES + payload.length
      frameStart.push(length)
    }
    firstFrame.push(frameStart.length - 1)
  }
  return { bytes: Buffer.concat(pieces), frameStart: Int32Array.from(frameStart), firstFrame: Int32Array.from(firstFrame), times, numbers }
}

/**
 * Returns 0, the end of each frame, and the end of the message. Each frame is as long as it can be without an end
 * inside digits.
 */
export function cutPoints (length: number, most: number, times: Int32Array, numbers: Int32Array): number[] {
  if (most <= TIMESTAMP_BYTES) throw new RangeError(`frames of ${most} bytes are too small`)
  const cuts = [0]
  for (let at = 0; at < length;) {
    let end = Math.min(length, at + most)
    for (let i = 0; i < times.length; i++) {
      if (times[i] < end && times[i] + TIMESTAMP_BYTES > end) end = times[i]
      if (numbers[i] < end && numbers[i] + NUMBER_BYTES > end) end = numbers[i]
    }
    cuts.push(end)
    at = end
  }
  return cuts
}

/**
 * Writes the frame header and the transfer performative (AMQP 1.0, 2.3.1 and 2.7.5). Every frame repeats id and tag, as
 * a router does.
 */
function transferHead ({ channel, handle }: Link, payload: number, more: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(HEAD_BYTES + payload, 0)
  head[4] = 2 // data offset, in words
  head.writeUInt16BE(channel, 6)
  head.writeUInt32BE(0x005314c0, 8) // descriptor of transfer; a list8 follows
  head[12] = HEAD_BYTES - 13
  head[13] = 6
  head[14] = 0x52 // smalluint
  head[15] = handle
  head[16] = 0x70 // uint: the delivery id
  head[21] = 0xa0 // vbin8: the tag
  head[22] = 4
  head[27] = 0x43 // message format 0
  head[28] = 0x42 // not settled
  head[29] = more ? 0x41 : 0x42
  return head
}
