import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'

/** How often it is looked, in ms. prom-client looks every 10 ms, which was most of what an idle process did. */
const RESOLUTION_MS = 100

const READINGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const

/**
 * Takes the place of prom-client's metrics of the event loop's delay: the same names, but measured more sparingly, and without the
 * interval at which it is measured, so that an idle process reads 0. To be called once a process; does not keep it alive.
 */
export function measureEventLoopLag (registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const read = (reading: typeof READINGS[number]): number => {
    if (reading === 'stddev') return seconds(delay.stddev)
    return Math.max(0, seconds(reading.startsWith('p') ? delay.percentile(Number(reading.slice(1))) : delay[reading as 'min' | 'max' | 'mean']) - RESOLUTION_MS / 1000)
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
        // They are collected in their order.
        if (reading === READINGS[READINGS.length - 1]) delay.reset()
      }
    }))
  }
}

/** Nothing was measured yet: no number, or a minimum beyond all bounds. */
function seconds (nanoseconds: number): number {
  return nanoseconds < Number.MAX_SAFE_INTEGER ? nanoseconds / 1e9 : 0
}
