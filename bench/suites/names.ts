/** The suites run in this order, because later ones use figures of earlier ones. */
export const SUITES = ['floor', 'pipeline', 'latency', 'stall', 'hosts', 'everyday', 'inputs', 'start', 'idle', 'loki', 'micro'] as const
export type SuiteName = typeof SUITES[number]

/** A quick run measures the whole program only, not its single steps, nor its peers. */
export const QUICK_SUITES: readonly SuiteName[] = SUITES.filter(name => name !== 'micro' && name !== 'inputs')
