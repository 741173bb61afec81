/**
 * The entry of a worker thread. A task leaves nothing to be done after its answer: piscina parks an idle thread, and it
 * would wait for the next task.
 */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina'
import type { BacklogTask, EncodeTask, Part } from './messages/tasks.ts'
import type { EncoderSettings, WorkerSetup } from './messages/settings.ts'
import { alignLike, WORD } from '../shared-memory.ts'
import { RenewingEncoder } from './renewing-encoder.ts'

const { settings, busy } = workerData as WorkerSetup
const encoder = new RenewingEncoder(settings)

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

/** See WorkerPool. */
export const endPeriod = timed(() => { encoder.endPeriod() })

export const bisect = rare(async () => (await import('./output/bisect.ts')).bisect)
export const shapes = rare(async () => (await import('./output/shapes.ts')).shapes)
export const lookUp = rare(async () => (await import('./output/look-up.ts')).lookUp)
export const subtract = rare(async () => (await import('./output/look-up.ts')).subtract)
export const backlog = rare(async () => {
  const { BacklogMaker } = await import('./output/backlog.ts')
  return (task: BacklogTask, settings) => new BacklogMaker(settings).make(task)
})
export const quarantineMessage = rare(async () => (await import('./output/quarantine-message.ts')).quarantineMessage)

/** The code of a rare task is loaded with the first such task, so that threads start faster. */
function rare<T, R> (load: () => Promise<(task: T, settings: EncoderSettings) => R>): (task: T) => Promise<R> {
  return async task => {
    const run = await load()
    return timed((task: T) => run(task, settings))(task)
  }
}

/**
 * Adds up the time that tasks take. The main thread could only measure the time until the answer. That time includes
 * the way to the thread and back, and the main thread's own work: an idle worker would seem busy.
 */
function timed<Args extends unknown[], R> (run: (...args: Args) => R): (...args: Args) => R {
  return (...args) => {
    const start = performance.now()
    try {
      return run(...args)
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
