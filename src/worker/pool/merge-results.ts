import type { EncodeResult } from '../messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../messages/reasons.ts'

/** The results of the parts of a batch as one. Without any, it is the result of a batch of which nothing is kept. */
export function mergeResults (results: readonly EncodeResult[]): EncodeResult {
  const sums = (key: 'quarantined' | 'mended' | 'dropped' | 'redacted', size = results[0]?.[key].length ?? 0): Uint32Array =>
    results.map(result => result[key]).reduce((sums, counts) => sums.map((sum, i) => sum + (counts[i] ?? 0)), new Uint32Array(size))
  return {
    parts: results.flatMap(({ parts }) => parts),
    cardinalityReports: results.flatMap(({ cardinalityReports }) => cardinalityReports),
    oddNames: results.find(({ oddNames }) => oddNames !== undefined)?.oddNames,
    loudHosts: results.flatMap(({ loudHosts = [] }) => loudHosts),
    shared: false,
    records: results.reduce((sum, { records }) => sum + records, 0),
    redelivered: results.reduce((sum, { redelivered }) => sum + redelivered, 0),
    empty: results.reduce((sum, { empty }) => sum + empty, 0),
    joined: results.reduce((sum, { joined }) => sum + joined, 0),
    dropped: sums('dropped'),
    redacted: sums('redacted'),
    quarantined: sums('quarantined', QUARANTINE_REASONS.length),
    mended: sums('mended', MEND_REASONS.length),
    oldestMs: results.reduce((oldest, { oldestMs }) => oldestMs >= oldest ? oldest : Number.isNaN(oldestMs) ? oldest : oldestMs, NaN)
  }
}
