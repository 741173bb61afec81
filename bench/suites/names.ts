/** In the order in which they run: the later ones go by what the earlier ones measured. */
export const SUITES = ['floor', 'pipeline', 'latency', 'stall', 'hosts', 'idle', 'loki', 'micro'] as const
export type SuiteName = typeof SUITES[number]

/** Single steps are what they are: nothing that a look at the whole has to wait for. */
export const QUICK_SUITES: readonly SuiteName[] = SUITES.filter(name => name !== 'micro')
