import { setTimeout as pause } from 'node:timers/promises'
import { parseExposition } from '../../bench/harness/program/exposition.ts'
import { memoryUsage } from '../../bench/harness/program/process-usage.ts'
import type { Program } from '../helpers/program.ts'

const EVERY_MS = 50

/** The figures of a program while it was watched. */
export interface Seen {
  /** Its peak in RAM; 0 where there is no /proc. */
  peakMb: number
  /** Its own gauge over all addresses: the highest value, and the limit. */
  inflightBytes: number
  inflightLimit: number
  /** Its last metrics, by name with labels, as written. */
  metrics: ReadonlyMap<string, number>
}

/** Samples a program over and over until `during` settles. */
export async function watched (program: Program, during: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { peakMb: 0, inflightBytes: 0, inflightLimit: 0, metrics: new Map() }
  const over = new AbortController()
  const end = (): void => over.abort()
  during.then(end, end)
  do {
    seen.metrics = parseExposition((await program.ask('/metrics')).body)
    seen.inflightBytes = Math.max(seen.inflightBytes, total(seen.metrics, 'lokean_inflight_bytes{'))
    seen.inflightLimit = total(seen.metrics, 'lokean_inflight_bytes_limit{')
    seen.peakMb = memoryUsage(program.pid)?.peakMb ?? 0
    await pause(EVERY_MS, undefined, { signal: over.signal }).catch(() => {}) // aborted at the end
  } while (!over.signal.aborted)
  await during
  return seen
}

function total (metrics: ReadonlyMap<string, number>, prefix: string): number {
  return [...metrics].reduce((sum, [name, value]) => name.startsWith(prefix) ? sum + value : sum, 0)
}
