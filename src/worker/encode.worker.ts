/** Entry of a worker thread: synchronous tasks (idle threads are parked, so nothing asynchronous may be left running). */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type { EncodeResult, EncoderSettings, EncodeTask, Isolated, IsolateTask, Part, SetAsideTask } from '../types.ts'
import { placeAlike, WORD } from '../shared-memory.ts'
import { Encoder } from './encoder.ts'
import { isolate as isolatePart } from './isolate.ts'
import { setAside as setMessageAside } from './set-aside.ts'

const settings = workerData as EncoderSettings
const encoder = new Encoder(settings)

/** Fewer bytes than these travel by themselves: for so little, a batch's whole memory is not to be kept until Loki has taken it. */
const MIN_SHARED_BYTES = 64 * 1024

/**
 * The parts' bodies are left in the batch's own memory, behind its messages, where there is enough to be worth it and room for it; else
 * they are handed over. Memory that changes threads has to be collected by the one that gets it, which is the main thread: under load
 * that cost it a fifth of its time.
 */
export function encode (task: EncodeTask): unknown {
  const result = encoder.encode(task)
  if (task.handOver !== true && leave(result.parts, task)) return { ...result, shared: true }
  return move({ [valueSymbol]: result, [transferableSymbol]: result.parts.map(({ body }) => body.buffer) } as never)
}

function leave (parts: Part[], { bytes, ends }: EncodeTask): boolean {
  let at = ends.at(-1) ?? 0
  const total = parts.reduce((sum, { body }) => sum + body.length + WORD, 0)
  if (total < MIN_SHARED_BYTES || at + total > bytes.byteLength) return false
  for (const part of parts) {
    at = placeAlike(at, part.body)
    const body = new Uint8Array(bytes, at, part.body.length)
    body.set(part.body)
    part.body = body
    at += body.length
  }
  return true
}

export function isolate (task: IsolateTask): Isolated {
  return isolatePart(task)
}

export function setAside (task: SetAsideTask): EncodeResult {
  return setMessageAside(task, settings)
}
