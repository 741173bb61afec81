import { loadConfig } from '../../src/config/load.ts'
import type { EverydayResult, SuiteOptions } from '../outcome/results.ts'
import { bareReceiver } from './bare-receiver.ts'
import { FULL_DAYS, QUICK_DAYS } from './everyday-days.ts'
import { measureDays } from './everyday-measure.ts'

export interface EverydayOptions extends SuiteOptions {
  /** The store is not the bench's own: its delay cannot be set, and it may allow few streams only. */
  realLoki?: boolean
}

const FULL = { warmUpMs: 1500, settleMs: 1500, windowMs: 5000 }
const QUICK = { warmUpMs: 500, settleMs: 1000, windowMs: 2000 }
const SINKS_MS = [0, 5]
/** A real Loki allows 5,000 streams to a tenant by default, and a host has some 20. */
const MOST_HOSTS_OF_A_REAL_LOKI = 100

/**
 * Measures what the program costs at the loads that clouds have, with LOKEAN_LINGER as it is set, and with none. Hosts
 * offer their rate, and each waits for its message. The slower store is tried only with the linger.
 */
export async function everyday ({ quick, progress, realLoki = false }: EverydayOptions): Promise<EverydayResult[]> {
  const times = quick ? QUICK : FULL
  const lingers = [...new Set([loadConfig(process.env).config.lingerMs, 0])]
  const receivers = new Map<string, number>()
  const results: EverydayResult[] = []
  const all = (quick ? QUICK_DAYS : FULL_DAYS).filter(({ hosts }) => !realLoki || hosts <= MOST_HOSTS_OF_A_REAL_LOKI)
  for (const [index, days] of all.entries()) {
    for (const lingerMs of lingers) {
      const { hosts, recordsPerMessage, rates } = days
      const what = `everyday ${index + 1} of ${all.length}: ${hosts} hosts, ${recordsPerMessage} a message, linger ${lingerMs} ms`
      const key = (rate: number): string => [recordsPerMessage, lingerMs, rate].join()
      const unknown = rates.filter(rate => !receivers.has(key(rate)))
      if (unknown.length > 0) {
        progress(`${what}, a bare receiver`)
        for (const [rate, cores] of await bareReceiver(recordsPerMessage, lingerMs, unknown, times)) receivers.set(key(rate), cores)
      }
      progress(what)
      const sinks = quick || realLoki || lingerMs !== lingers[0] ? SINKS_MS.slice(0, 1) : SINKS_MS
      for (const one of await measureDays(days, lingerMs, sinks, times)) {
        results.push({ ...one, receiverCores: receivers.get(key(one.recordsPerSecond)) ?? NaN })
      }
    }
  }
  return results
}
