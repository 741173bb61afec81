import { parseExposition } from '../program/exposition.ts'

const TIMEOUT_MS = 5_000

/** Returns the CPU seconds of the Loki at this URL so far; undefined where it does not tell. */
export async function lokiCpuSeconds (url: string): Promise<number | undefined> {
  try {
    const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? parseExposition(await response.text()).get('process_cpu_seconds_total') : undefined
  } catch {
    return undefined
  }
}
