import { setTimeout as pause } from 'node:timers/promises'
import { type Random, seededRandom } from '../../src/generator/random.ts'

/** What a fault is given to draw from, and to last by. */
export interface Draw {
  /** A number of 0 or more below `limit`. */
  below: (limit: number) => number
  pick: <T>(from: readonly T[]) => T
  /** Between the two, as often small as large: each doubling is as likely as the next. */
  spread: (least: number, most: number) => number
  chance: (share: number) => boolean
  /** Resolves after so many milliseconds, or at once when all faults are to end. */
  last: (ms: number) => Promise<void>
}

/** Goes wrong, lasts, and is mended when it resolves. */
export interface Fault { kind: string, run: (draw: Draw) => Promise<void> }

/** Between two faults of one part, in milliseconds: all is well a third of the time, else no record would get through and nothing be tested. */
const CALM = [1_000, 12_000] as const

/** One part fails in one way after another, until the signal. What is drawn depends on the seed alone, not on how long a thing took. */
export async function injectFaults (seed: number, faults: readonly Fault[], signal: AbortSignal, onFault: (kind: string) => void, calm: readonly [number, number] = CALM): Promise<void> {
  const random = seededRandom(seed)
  const last = async (ms: number): Promise<void> => {
    // Aborted: the end that was asked for.
    await pause(ms, undefined, { signal }).catch(() => {})
  }
  const order = drawFrom(random, last)
  while (!signal.aborted) {
    await last(order.spread(...calm))
    // One of its own for each fault: how often it draws must not change what comes after it.
    const [fault, own] = [order.pick(faults), drawFrom(seededRandom(random()), last)]
    if (signal.aborted) return
    onFault(fault.kind)
    await fault.run(own)
  }
}

export function drawFrom (random: Random, last: Draw['last']): Draw {
  const unit = (): number => random() / 2 ** 32
  return {
    below: limit => random() % limit,
    pick: from => from[random() % from.length],
    spread: (least, most) => least * (most / least) ** unit(),
    chance: share => unit() < share,
    last
  }
}
