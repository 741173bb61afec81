/** How long what is measured lasts; in milliseconds. */
export interface Plan {
  instances: readonly number[]
  rounds: number
  recordsPerMessage: number
  /**
   * Machines that log: a prime. Messages are dealt out in turns, and the hosts take turns too. Were their number a multiple of the
   * instances', each instance would see some of the hosts only, and that many fewer streams.
   */
  hosts: number
  /** A Loki answers after some milliseconds. */
  sinkMs: number
  warmUpMs: number
  mostWarmUpMs: number
  windowMs: number
  /** Of one instance, of its maximum; and how late the store answers. */
  curve: readonly number[]
  curveSinkMs: readonly number[]
  eventRounds: number
  /** Before an event, and after it has been overcome. */
  quietMs: number
  /** The steady load; undefined: some half of what the slowest number of instances takes here. */
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

/** Of what the slowest number of instances takes. */
const STEADY_SHARE = 0.5

/** A steady load that all can take, to two digits: so that it can be named, and asked for again. */
export function steadyRate (maxima: readonly number[]): number {
  const rate = Math.min(...maxima) * STEADY_SHARE
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1)
  return Math.floor(rate / digit) * digit
}

/** `FULL` or `QUICK`, with up to so many instances, at such a steady load. */
export function planOf ({ quick, instances, rate }: { quick: boolean, instances?: number, rate?: number }): Plan {
  const plan = quick ? QUICK : FULL
  return { ...plan, rate, ...(instances === undefined ? {} : { instances: Array.from({ length: instances }, (_, i) => i + 1) }) }
}
