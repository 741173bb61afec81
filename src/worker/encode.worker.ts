/**
 * The entry of a worker thread. Its tasks are synchronous: piscina parks an idle thread, and asynchronous work would
 * stop.
 */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type {
  BacklogTask, BisectTask, EncodeTask, LookUpTask, Part, QuarantineMessageTask, ShapesTask, SubtractTask, WorkerSetup
} from './messages.ts'
import { alignLike, WORD } from '../shared-memory.ts'
import { RenewingEncoder } from './renewing-encoder.ts'
import { BacklogMaker } from './output/backlog.ts'
import { bisect as bisectPart } from './output/bisect.ts'
import { lookUp as planLookUp, subtract as withoutFound } from './output/look-up.ts'
import { quarantineMessage as quarantine } from './output/quarantine-message.ts'
import { shapes as shapesOf } from './output/shapes.ts'

const { settings, busy } = workerData as WorkerSetup
const encoder = new RenewingEncoder(settings)
const backlogs = new BacklogMaker(settings)

/** Fewer bytes than these are transferred. For so little, the whole memory of a batch should not wait for Loki. */
const MIN_SHARED_BYTES = 64 * 1024

/**
 * Leaves the bodies of the parts in the memory of the batch, behind its messages, where they are large enough and fit.
 * Else transfers them. The main thread has to collect memory that is transferred to it: under load, that cost a fifth
 * of its time.
 */
export const encode = timed((task: EncodeTask): unknown => {
  const result = encoder.encode(task)
  if (task.transfer !== true && placeBehindMessages(result.parts, task)) return { ...result, shared: true }
  return move({ [valueSymbol]: result, [transferableSymbol]: result.parts.map(({ body }) => body.buffer) })
})

export const bisect = timed((task: BisectTask) => bisectPart(task, settings))

export const backlog = timed((task: BacklogTask) => backlogs.make(task))

export const shapes = timed((task: ShapesTask) => shapesOf(task, settings))

export const lookUp = timed((task: LookUpTask) => planLookUp(task))

export const subtract = timed((task: SubtractTask) => withoutFound(task))

export const quarantineMessage = timed((task: QuarantineMessageTask) => quarantine(task, settings))

/**
 * Adds up the time that tasks take. The main thread could only measure the time until the answer. That time includes
 * the way to the thread and back, and the main thread's own work: an idle worker would seem busy.
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

function placeBehindMessages (parts: Part[], { bytes, ends }: EncodeTask): boolean {
  let at = ends.at(-1) ?? 0
  const total = parts.reduce((sum, { body }) => sum + body.length + WORD, 0)
  if (total < MIN_SHARED_BYTES || at + total > bytes.byteLength) return false
  for (const part of parts) {
    at = alignLike(at, part.body)
    const body = new Uint8Array(bytes, at, part.body.length)
    body.set(part.body)
    part.body = body
    at += body.length
  }
  return true
}
