import { table } from './numbers.ts'

/**
 * What a record takes of rsyslog's disk queue, in bytes: 42.4 MB for 49,500 records of `lokean generate` in RFC 5424,
 * with rsyslog 8.2302.
 */
const RECORD_BYTES = 860

const HOURS = [4, 24, 72]
/** Of one host. */
const RATES = [10, 25, 100, 1_000]

/** Says what a host's queue holds after an outage, by the host's rate and the hours. */
export function queuesTable (): string {
  const size = (rate: number, hours: number): string => `${Number((rate * hours * 3_600 * RECORD_BYTES / 1e9).toPrecision(2))} GB`
  return table(
    ['records/s of the host', ...HOURS.map(hours => `${hours} hours`)],
    RATES.map(rate => [rate.toLocaleString('en'), ...HOURS.map(hours => size(rate, hours))]), 0
  )
}
