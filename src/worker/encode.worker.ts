/** Entry of a worker thread: two synchronous tasks (idle threads are parked, so nothing asynchronous may be left running). */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type { EncodeResult, EncoderSettings, EncodeTask, Isolated, IsolateTask, Part } from '../types.ts'
import { Encoder } from './encoder.ts'
import { isolate as isolatePart } from './isolate.ts'

const encoder = new Encoder(workerData as EncoderSettings)

export function encode (task: EncodeTask): unknown {
  const result = encoder.encode(task)
  return transferred({ ...result, parts: pack(result.parts) })
}

export function isolate (task: IsolateTask): Isolated {
  return isolatePart(task)
}

/**
 * snappy's buffers are memory of its own, which cannot be transferred: the bodies, a fraction of the records' size, are
 * copied once, into one buffer that can.
 */
function pack (parts: Part[]): Part[] {
  const packed = new Uint8Array(parts.reduce((sum, { body }) => sum + body.length, 0))
  let at = 0
  return parts.map(part => {
    packed.set(part.body, at)
    const body = packed.subarray(at, at += part.body.length)
    return { ...part, body }
  })
}

/** Marks the parts' one buffer to be handed over with the result instead of being copied. */
function transferred (result: EncodeResult): unknown {
  return move({ [valueSymbol]: result, [transferableSymbol]: result.parts.slice(0, 1).map(({ body }) => body.buffer) } as never)
}
