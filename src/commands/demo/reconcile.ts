import type { LokiQuery, Range } from './query.ts'

/** What the store has of the records with the numbers 0 to `sent` - 1. */
export interface Reconciled {
  /** Different records in the store, those in quarantine included. */
  stored: number
  missing: number
  /** How many times a record was found again. */
  duplicates: number
  quarantined: number
}

/**
 * Counts the records of a run by reading all of them back from Loki. For a large run, that takes longer than the run.
 */
export async function reconcileByQuery (loki: LokiQuery, marker: string, sent: number, range: Range): Promise<Reconciled> {
  const seen = new Uint8Array(sent)
  let stored = 0
  let duplicates = 0
  let quarantined = 0
  for (const [selector, counted] of [['{cloud=~".+", quarantine=""}', false], ['{source="lokean", quarantine=~".+"}', true]] as const) {
    for await (const page of loki.all(`${selector} |= \`${marker}\``, range)) {
      for (const { line } of page) {
        const number = Number((/^\d+/.exec(line.slice(line.lastIndexOf(marker) + marker.length)))?.[0] ?? NaN)
        if (!(number < sent)) continue
        if (counted) quarantined++
        if (seen[number] === 0) stored++
        else duplicates++
        seen[number] = 1
      }
    }
  }
  return { stored, missing: sent - stored, duplicates, quarantined }
}
