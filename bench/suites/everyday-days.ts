/** A load as clouds have it on an ordinary day: records a second of all hosts together. */
export interface Day { recordsPerSecond: number, hosts: number, recordsPerMessage: number }

/** Days that one program is measured on, one after the other. They differ in nothing but the rate. */
export interface Days { hosts: number, recordsPerMessage: number, rates: readonly number[] }

/**
 * From a small cloud that says little to one of a thousand hosts that say much. Messages of 10 are those of the sizing.
 * What no rsyslog does is left out: hundreds of messages a second from each host, and large messages of few records.
 */
export const FULL_DAYS: readonly Days[] = [
  { hosts: 100, recordsPerMessage: 1, rates: [250, 2_500, 10_000] },
  { hosts: 100, recordsPerMessage: 3, rates: [2_500, 10_000] },
  { hosts: 100, recordsPerMessage: 10, rates: [250, 2_500, 10_000] },
  { hosts: 100, recordsPerMessage: 25, rates: [2_500, 10_000, 40_000] },
  { hosts: 1_000, recordsPerMessage: 1, rates: [2_500, 10_000] },
  { hosts: 1_000, recordsPerMessage: 3, rates: [10_000, 40_000] },
  { hosts: 1_000, recordsPerMessage: 10, rates: [40_000] },
  { hosts: 1_000, recordsPerMessage: 25, rates: [40_000] }
]

export const QUICK_DAYS: readonly Days[] = [
  { hosts: 100, recordsPerMessage: 1, rates: [2_500] },
  { hosts: 100, recordsPerMessage: 10, rates: [10_000] }
]
