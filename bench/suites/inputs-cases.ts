import type { InputResult } from '../outcome/results.ts'

export type InputCase = Pick<InputResult, 'way' | 'receiver' | 'connections' | 'recordsPerMessage' | 'offered'>

/** The hosts of the small cloud of ordinary days. */
export const MANY = 100
export const ORDINARY = 2_500

/** Beside each other in a run stand those that are compared. */
export function inputCases (quick: boolean): InputCase[] {
  const streams = (way: InputCase['way'], connections: number, offered: number | null): InputCase[] =>
    (['lokean', 'rsyslog'] as const).map(receiver => ({ way, receiver, connections, recordsPerMessage: 1, offered }))
  const bus = (recordsPerMessage: number): InputCase =>
    ({ way: 'amqp', receiver: 'lokean', connections: 1, recordsPerMessage, offered: null })
  return [
    ...streams('relp', MANY, null),
    ...streams('syslog+tls', MANY, null),
    ...streams('relp', MANY, ORDINARY),
    ...streams('relp', 1, null),
    ...quick ? [] : [...streams('syslog+tls', MANY, ORDINARY), ...streams('syslog+tls', 1, null), bus(1), bus(100)]
  ]
}
