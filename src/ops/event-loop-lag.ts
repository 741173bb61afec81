import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'

/** The delay is sampled this often. prom-client samples every 10 ms, which was most of an idle process's work. */
const RESOLUTION_MS = 100

const READINGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const

/**
 * Replaces prom-client's metrics of the event loop's delay under the same names. It samples less often, and subtracts
 * the interval between samples, so that an idle process has 0. Must be called once a process, and does not keep it
 * alive.
 */
export function measureEventLoopLag (registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const read = (reading: typeof READINGS[number]): number => {
    if (reading === 'stddev') return seconds(delay.stddev)
    return Math.max(0, seconds(reading.startsWith('p')
      ? delay.percentile(Number(reading.slice(1)))
      : delay[reading as 'min' | 'max' | 'mean']) - RESOLUTION_MS / 1000)
  }
  for (const reading of READINGS) {
    const name = `nodejs_eventloop_lag_${reading}_seconds`
    registry.removeSingleMetric(name)
    registry.registerMetric(new Gauge({
      name,
      help: `The event loop's delay since it was last read: ${reading}.`,
      registers: [],
      collect () {
        this.set(read(reading))
        // The gauges are collected in this order: after the last one, all have been read.
        if (reading === READINGS[READINGS.length - 1]) delay.reset()
      }
    }))
  }
}

/** Before the first sample, the histogram has NaN, or an enormous minimum. */
function seconds (nanoseconds: number): number {
  return nanoseconds < Number.MAX_SAFE_INTEGER ? nanoseconds / 1e9 : 0
}
