import { Worker } from 'node:worker_threads'
import { heapLimits } from '../../src/worker/pool/thread-limits.ts'
import { minimise } from './minimise.ts'
import { type Ending, type Job, type Search, Slot } from './thread-protocol.ts'

/** An input that breaks a promise. */
export interface Failure { kind: 'broken' | 'hung' | 'died', input: Buffer, error: string }

export type Outcome =
  | Failure
  | { kind: 'done', runs: number, blocks: number, kept: Buffer[], grownBytes: number }

export interface RunOptions {
  target: string
  corpus: readonly Uint8Array[]
  search?: Search
  /** The module with the targets. The default has the real ones. */
  module?: string
  /** A target hangs where an input takes longer. */
  hangMs?: number
  /** The limit of the thread's heap, in MiB. */
  heapMiB?: number
}

const EXTENSION = import.meta.url.slice(-3)
const REAL_TARGETS = new URL(`./targets${EXTENSION}`, import.meta.url).href
const LOOK_EVERY_MS = 50

/**
 * Runs a target in a thread of its own and watches it from here. A thread that stands still or dies is a failure, as is
 * an error of the target. A failing input is returned as small as it could be made.
 */
export async function runTarget (options: RunOptions): Promise<Outcome> {
  const outcome = await inThread(options)
  if (outcome.kind === 'done' || outcome.kind === 'broken') return outcome
  // Each try needs a new thread, so there are only a few.
  const again = async (input: Buffer): Promise<boolean> =>
    (await inThread({ ...options, corpus: [input], search: undefined })).kind === outcome.kind
  return { ...outcome, input: await minimise(outcome.input, again, 24) }
}

async function inThread ({ target, corpus, search, module = REAL_TARGETS, hangMs = 10_000, heapMiB = 512 }: RunOptions): Promise<Outcome> {
  const slot = new Slot()
  const job: Job = { target, module, corpus: [...corpus], slot: slot.memory, search }
  const worker = new Worker(new URL(`./fuzz.worker${EXTENSION}`, import.meta.url), { workerData: job, resourceLimits: heapLimits(heapMiB) })
  let resolve: (outcome: Outcome) => void = () => {}
  const promise = new Promise<Outcome>(_resolve => { resolve = _resolve })
  worker.once('message', (ending: Ending) => resolve(ending.kind === 'done'
    ? { ...ending, kept: ending.kept.map(one => Buffer.from(one)) }
    : { ...ending, input: Buffer.from(ending.input) }))
  worker.once('error', error => resolve({ kind: 'died', input: slot.input, error: error.stack ?? String(error) }))
  worker.once('exit', code => resolve({ kind: 'died', input: slot.input, error: `the thread ended with ${code}` }))
  let runs = 0
  let since = performance.now()
  const watch = setInterval(() => {
    if (slot.runs !== runs) {
      runs = slot.runs
      since = performance.now()
    } else if (runs > 0 && performance.now() - since > hangMs) {
      resolve({ kind: 'hung', input: slot.input, error: `nothing for ${hangMs / 1000} s` })
    }
  }, LOOK_EVERY_MS)
  try {
    return await promise
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}
