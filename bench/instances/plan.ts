/** How long each measurement lasts, in milliseconds. */
export interface Plan {
  instances: readonly number[]
  rounds: number
  recordsPerMessage: number
  /**
   * The number of machines that log: a prime. Messages are dealt out in turns, and the hosts take turns too. With a
   * multiple of the number of instances, each instance would see only some of the hosts, and so fewer streams.
   */
  hosts: number
  /** A Loki takes some milliseconds for an answer. */
  sinkMs: number
  warmUpMs: number
  mostWarmUpMs: number
  windowMs: number
  /** Parts of one instance's maximum, and the delays of the store's answers. */
  curve: readonly number[]
  curveSinkMs: readonly number[]
  eventRounds: number
  /** The time before an event, and the time after it is over. */
  quietMs: number
  /** The steady load. Undefined stands for about half of what the slowest number of instances takes here. */
  rate?: number
}

export const FULL: Plan = {
  instances: [1, 2, 3, 4],
  rounds: 3,
  recordsPerMessage: 100,
  hosts: 101,
  sinkMs: 10,
  warmUpMs: 2000,
  mostWarmUpMs: 15_000,
  windowMs: 3000,
  curve: [0.1, 0.3, 0.5, 0.7, 0.9],
  curveSinkMs: [0, 10],
  eventRounds: 3,
  quietMs: 2000
}

export const QUICK: Plan = {
  ...FULL,
  instances: [1, 2],
  rounds: 1,
  warmUpMs: 1000,
  mostWarmUpMs: 4000,
  windowMs: 1000,
  curve: [0.1, 0.5],
  curveSinkMs: [10],
  eventRounds: 1,
  quietMs: 1000
}

/** The part of the slowest maximum that the steady load is. */
const STEADY_SHARE = 0.5

/**
 * Returns a steady load that any number of instances can take. It has two digits, so that it can be named and asked for
 * again.
 */
export function steadyRate (maxima: readonly number[]): number {
  const rate = Math.min(...maxima) * STEADY_SHARE
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1)
  return Math.floor(rate / digit) * digit
}

/** Returns `FULL` or `QUICK`, limited to so many instances, with the steady load `rate`. */
export function planOf ({ quick, instances, rate }: { quick: boolean, instances?: number, rate?: number }): Plan {
  const plan = quick ? QUICK : FULL
  return { ...plan, rate, ...(instances === undefined ? {} : { instances: Array.from({ length: instances }, (_, i) => i + 1) }) }
}
