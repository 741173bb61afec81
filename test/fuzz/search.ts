import { Coverage } from './coverage.ts'
import { MAX_INPUT, Mutator } from './mutate.ts'
import type { Target } from './target.ts'

/** Inputs between two looks at the coverage, because a look costs more than a run. */
const BATCH = 64
/** The corpus keeps no more inputs; the search goes on with these. */
const MAX_CORPUS = 2_000

export interface Found { runs: number, blocks: number, kept: Buffer[], grownBytes: number }

/** An input for which the target threw. */
export class Broken extends Error {
  readonly input: Buffer

  constructor (input: Buffer, cause: unknown) {
    super(cause instanceof Error ? cause.stack ?? cause.message : String(cause), { cause })
    this.input = input
  }
}

interface Options {
  corpus: readonly Buffer[]
  seed: number
  /** Is asked between batches, with the number of inputs so far. */
  goesOn: (inputs: number) => boolean
  /** Is told each input before it runs. */
  onInput: (input: Buffer) => void
  /** Returns the bytes in use after a garbage collection. */
  usedBytes: () => number
}

/**
 * Runs `target` on the corpus, then on changed inputs from a Mutator. An input joins the corpus when it runs new code
 * or makes the target give a new answer. Throws Broken.
 */
export async function search (target: Target, { corpus, seed, goesOn, onInput, usedBytes }: Options): Promise<Found> {
  const coverage = new Coverage()
  try {
    const mutator = new Mutator(seed, target.words)
    const pool: Buffer[] = []
    const kept: Buffer[] = []
    let runs = 0
    const run = (input: Buffer): boolean => {
      runs++
      return coverage.noteSaid(runOne(target, input, onInput))
    }
    const keep = (input: Buffer): void => {
      if (pool.length < MAX_CORPUS) kept.push(pool[pool.push(input) - 1])
    }
    for (const input of [...corpus, ...target.seeds(), Buffer.alloc(0)].map(input => input.subarray(0, MAX_INPUT))) {
      run(input)
      pool.push(input)
    }
    coverage.note(coverage.take())
    let before = Infinity
    for (let batch = 0; goesOn(runs); batch++) {
      // What lies outside of the heap, as zlib's, is freed in a turn of the event loop only.
      await new Promise(resolve => { setImmediate(resolve) })
      if (batch === WARM_BATCHES) before = usedBytes()
      const inputs = Array.from({ length: BATCH }, () => mutator.next(pool))
      const silent = inputs.filter(input => {
        const news = run(input)
        if (news) keep(input)
        return !news
      })
      const ofAll = coverage.take()
      if (!coverage.isFresh(ofAll)) continue
      // One of the batch found something new, so each runs again alone.
      for (const input of inputs) {
        run(input)
        const ran = coverage.take()
        if (!coverage.isFresh(ran)) continue
        coverage.note(ran)
        if (silent.includes(input)) keep(input)
      }
      // The rest of the code ran only because of the inputs' order.
      coverage.note(ofAll)
    }
    return { runs, blocks: coverage.size, kept, grownBytes: Number.isFinite(before) ? usedBytes() - before : 0 }
  } finally {
    coverage.close()
  }
}

/** After so many batches the tables have grown to the size that the inputs need. A short run has to reach this too. */
const WARM_BATCHES = 5

export function runOne (target: Target, input: Buffer, onInput: (input: Buffer) => void = () => {}): string[] {
  onInput(input)
  try {
    return [...target.run(input)]
  } catch (error) {
    throw new Broken(input, error)
  }
}
