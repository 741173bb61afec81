import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '../../src/generator/random.ts'
import type { MicroResult } from '../outcome/results.ts'
import { type Spread, spreadOf } from '../outcome/spread.ts'

/** Is called with each value that an alternative makes of the sample, in order. */
export type Look = (outcome: unknown) => void

export interface Alternative {
  name: string
  /** The alternative that Lokean uses. */
  chosen?: true
  /**
   * Processes the whole sample once. The code path is the same with and without `look`. An alternative with another
   * thread returns a promise.
   */
  run: (look?: Look) => unknown
}

export interface Question {
  question: string
  unit: string
  /** Units of a run. A figure is in CPU microseconds a unit. */
  per: number
  alternatives: readonly Alternative[]
}

/** CPU milliseconds of each alternative, before the timing and in each round. */
export interface Effort { warmUpMs: number, windowMs: number, rounds: number }

export const FULL: Effort = { warmUpMs: 150, windowMs: 80, rounds: 7 }
export const QUICK: Effort = { warmUpMs: 50, windowMs: 20, rounds: 3 }

/** CPU microseconds of the process, so garbage collection in its threads counts too. */
export function cpuMicros (): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Times the alternatives side by side. Each has one window in each round. The order is drawn anew each time, so that no
 * alternative always follows the same other. Ratios are taken within a round, because the machine changes its speed.
 * Rejects where the alternatives' outcomes differ: nothing can be compared then.
 */
export async function compare (
  { question, unit, per, alternatives }: Question, effort: Effort, clock: () => number = cpuMicros
): Promise<MicroResult> {
  await checkAlike(question, alternatives)
  for (const { run } of alternatives) await time(run, effort.warmUpMs, clock)
  const random = seededRandom(1)
  const rounds: number[][] = []
  for (let round = 0; round < effort.rounds; round++) {
    const values: number[] = []
    for (const index of shuffled(alternatives.length, random)) {
      values[index] = await time(alternatives[index].run, effort.windowMs, clock) / per
    }
    rounds.push(values)
  }
  return summarise(question, unit, alternatives, rounds)
}

/** Reports counts that every run repeats exactly, such as frames or bytes. */
export function exact (
  question: string, unit: string, alternatives: ReadonlyArray<{ name: string, chosen?: true, value: number }>
): MicroResult {
  return summarise(question, unit, alternatives, [alternatives.map(({ value }) => value)])
}

/** Returns 0 to `count` - 1 in an order drawn by `random`. */
function shuffled (count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let left = count; left > 1; left--) {
    const drawn = random() % left
    ;[order[left - 1], order[drawn]] = [order[drawn], order[left - 1]]
  }
  return order
}

async function checkAlike (question: string, alternatives: readonly Alternative[]): Promise<void> {
  let first: unknown[] = []
  for (const [index, { name, run }] of alternatives.entries()) {
    const seen: unknown[] = []
    await run(outcome => seen.push(outcome))
    if (seen.length === 0) throw new Error(`${question}: ${name} shows nothing`)
    if (index === 0) first = seen
    const different = seen.findIndex((outcome, i) => !isDeepStrictEqual(outcome, first[i]))
    if (different >= 0 || seen.length < first.length) {
      throw new Error(`${question}: ${name} and ${alternatives[0].name} differ (of ${seen.length} and ${first.length} outcomes, at ${different < 0 ? seen.length : different})`)
    }
  }
}

/** Returns the mean CPU microseconds of a run, over as many runs as fit into the window, at least one. */
async function time (run: Alternative['run'], windowMs: number, clock: () => number): Promise<number> {
  const start = clock()
  let passed: number
  let runs = 0
  do {
    const made = run()
    if (made instanceof Promise) await made
    runs++
    passed = clock() - start
  } while (passed < windowMs * 1000)
  return passed / runs
}

function summarise (
  question: string, unit: string, alternatives: ReadonlyArray<{ name: string, chosen?: true }>, rounds: readonly number[][]
): MicroResult {
  const chosen = alternatives.findIndex(alternative => alternative.chosen)
  if (chosen < 0 || alternatives.some((alternative, index) => alternative.chosen && index !== chosen)) {
    throw new Error(`${question}: one alternative is the chosen one`)
  }
  return {
    question,
    unit,
    alternatives: alternatives.map(({ name }, index) => {
      const spread = spreadOf(rounds.map(values => values[index]))
      const timesChosen: Spread = spreadOf(rounds.map(values => values[index] / values[chosen]))
      return { name, chosen: index === chosen, value: spread.median, spread, timesChosen }
    })
  }
}
