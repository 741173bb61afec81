/** The suites run in this order, because later ones use figures of earlier ones. */
export const SUITES = [
  'floor', 'pipeline', 'latency', 'stall', 'hosts', 'everyday', 'inputs', 'crowd', 'start', 'idle', 'loki', 'micro'
] as const
export type SuiteName = typeof SUITES[number]

/** A quick run measures the whole program only, not its single steps, nor its peers, nor crowds of senders. */
export const QUICK_SUITES: readonly SuiteName[] = SUITES.filter(name => name !== 'micro' && name !== 'inputs' && name !== 'crowd')
