import { Worker } from 'node:worker_threads'
import { heapLimits } from '../../src/worker/pool/thread-limits.ts'
import { minimise } from './minimise.ts'
import { type Ending, type Job, type Search, Slot } from './thread-protocol.ts'

/** A promise that an input breaks. */
export interface Failure { kind: 'broken' | 'hung' | 'died', input: Buffer, error: string }

export type Outcome =
  | Failure
  | { kind: 'done', runs: number, blocks: number, kept: Buffer[], grownBytes: number }

export interface RunOptions {
  target: string
  corpus: readonly Uint8Array[]
  search?: Search
  /** Where the target is found; the real ones unless said. */
  module?: string
  /** An input that takes longer is one for which the target hangs. */
  hangMs?: number
  /** The thread's heap at most, in MiB. */
  heapMiB?: number
}

const EXTENSION = import.meta.url.slice(-3)
const REAL_TARGETS = new URL(`./targets${EXTENSION}`, import.meta.url).href
const LOOK_EVERY_MS = 50

/**
 * Runs a target in a thread of its own and watches over it from here: an input for which the thread stands still, or dies, is a failure
 * like one for which the target throws. What is returned of a failure is as small as could be made of it.
 */
export async function runTarget (options: RunOptions): Promise<Outcome> {
  const outcome = await inThread(options)
  if (outcome.kind === 'done' || outcome.kind === 'broken') return outcome
  // A thread for each try, so only a few.
  const again = async (input: Buffer): Promise<boolean> => (await inThread({ ...options, corpus: [input], search: undefined })).kind === outcome.kind
  return { ...outcome, input: await minimise(outcome.input, again, 24) }
}

async function inThread ({ target, corpus, search, module = REAL_TARGETS, hangMs = 10_000, heapMiB = 512 }: RunOptions): Promise<Outcome> {
  const slot = new Slot()
  const job: Job = { target, module, corpus: [...corpus], slot: slot.memory, search }
  const worker = new Worker(new URL(`./fuzz.worker${EXTENSION}`, import.meta.url), { workerData: job, resourceLimits: heapLimits(heapMiB) })
  let resolve: (outcome: Outcome) => void = () => {}
  const promise = new Promise<Outcome>(_resolve => { resolve = _resolve })
  worker.once('message', (ending: Ending) => resolve(ending.kind === 'done' ? { ...ending, kept: ending.kept.map(one => Buffer.from(one)) } : { ...ending, input: Buffer.from(ending.input) }))
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
