/** Entry of a worker thread: synchronous tasks (idle threads are parked, so nothing asynchronous may be left running). */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type { EncodeTask, Part, QuarantineMessageTask, WorkerSetup } from './messages.ts'
import { placeAlike, WORD } from '../shared-memory.ts'
import { Encoder } from './encoder.ts'
import { bisect as bisectPart } from './output/bisect.ts'
import { quarantineMessage as quarantine } from './output/quarantine-message.ts'

const { settings, busy } = workerData as WorkerSetup
const encoder = new Encoder(settings)

/** Fewer bytes than these travel by themselves: for so little, a batch's whole memory is not to be kept until Loki has taken it. */
const MIN_SHARED_BYTES = 64 * 1024

/**
 * The parts' bodies are left in the batch's own memory, behind its messages, where there is enough to be worth it and room for it; else
 * they are handed over. Memory that changes threads has to be collected by the one that gets it, which is the main thread: under load
 * that cost it a fifth of its time.
 */
export const encode = timed((task: EncodeTask): unknown => {
  const result = encoder.encode(task)
  if (task.transfer !== true && leave(result.parts, task)) return { ...result, shared: true }
  return move({ [valueSymbol]: result, [transferableSymbol]: result.parts.map(({ body }) => body.buffer) })
})

export const bisect = timed(bisectPart)

export const quarantineMessage = timed((task: QuarantineMessageTask) => quarantine(task, settings))

/**
 * Measured here, since the main thread only sees how long an answer took: that holds the way to the thread and back, and the main
 * thread's own work, so that a worker that has little to do would seem busy.
 */
function timed<T, R> (run: (task: T) => R): (task: T) => R {
  return task => {
    const start = performance.now()
    try {
      return run(task)
    } finally {
      Atomics.add(busy, 0, BigInt(Math.round((performance.now() - start) * 1000)))
    }
  }
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
