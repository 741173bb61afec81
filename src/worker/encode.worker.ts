/** Entry of a worker thread: two synchronous tasks (idle threads are parked, so nothing asynchronous may be left running). */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type { EncoderSettings, EncodeTask, Isolated, IsolateTask } from '../types.ts'
import { Encoder } from './encoder.ts'
import { isolate as isolatePart } from './isolate.ts'

const encoder = new Encoder(workerData as EncoderSettings)

/** The result, with the parts' bodies handed over instead of being copied. */
export function encode (task: EncodeTask): unknown {
  const result = encoder.encode(task)
  return move({ [valueSymbol]: result, [transferableSymbol]: result.parts.map(({ body }) => body.buffer) } as never)
}

export function isolate (task: IsolateTask): Isolated {
  return isolatePart(task)
}
