import { setTimeout as pause } from 'node:timers/promises'
import { type Random, seededRandom } from '../../src/generator/random.ts'

/** What a fault may draw, and how it waits. */
export interface Draw {
  /** Returns a number from 0 up to, not including, `limit`. */
  below: (limit: number) => number
  pick: <T>(from: readonly T[]) => T
  /**
   * Returns a number between the two. Each doubling is equally likely, so small numbers are as frequent as large ones.
   */
  spread: (least: number, most: number) => number
  chance: (share: number) => boolean
  /** Resolves after this many milliseconds, or at once when all faults are to end. */
  last: (ms: number) => Promise<void>
}

/** `run` goes wrong, lasts, and is mended when it resolves. */
export interface Fault { kind: string, run: (draw: Draw) => Promise<void> }

/**
 * Milliseconds between two faults of one part. A third of the time is without faults; otherwise no record would get
 * through.
 */
const CALM = [1_000, 12_000] as const

/**
 * Makes one part fail in one way after another until the signal. The draws depend on the seed alone, not on how long
 * anything took.
 */
export async function injectFaults (
  seed: number, faults: readonly Fault[], signal: AbortSignal, onFault: (kind: string) => void, calm: readonly [number, number] = CALM
): Promise<void> {
  const random = seededRandom(seed)
  const last = async (ms: number): Promise<void> => {
    // Aborted, because the end was asked for.
    await pause(ms, undefined, { signal }).catch(() => {})
  }
  const order = drawFrom(random, last)
  while (!signal.aborted) {
    await last(order.spread(...calm))
    // Each fault has a random source of its own, so that its number of draws does not change later faults.
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
