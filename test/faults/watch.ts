import { setTimeout as pause } from 'node:timers/promises'
import { parseExposition } from '../../bench/harness/program/exposition.ts'
import { memoryUsage } from '../../bench/harness/program/process-usage.ts'
import type { Program } from '../helpers/program.ts'

const EVERY_MS = 50

/** What a program came to, as long as it was looked at. */
export interface Seen {
  /** Peak of its memory in RAM; 0 where there is no /proc. */
  peakMb: number
  /** By its own gauge, over all addresses: the most, and how much it may be. */
  inflightBytes: number
  inflightLimit: number
  /** Its metrics, the last time: name and labels, as they are written, to value. */
  metrics: ReadonlyMap<string, number>
}

/** Looks at a program over and over while `during` goes on. */
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
    await pause(EVERY_MS, undefined, { signal: over.signal }).catch(() => {}) // aborted: the end
  } while (!over.signal.aborted)
  await during
  return seen
}

function total (metrics: ReadonlyMap<string, number>, prefix: string): number {
  return [...metrics].reduce((sum, [name, value]) => name.startsWith(prefix) ? sum + value : sum, 0)
}
