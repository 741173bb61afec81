import { monitorEventLoopDelay } from 'node:perf_hooks'

/** A gauge to be read at each scrape. */
export interface LagReading { name: string, help: string, read: () => number }

/** The delay is sampled this often. prom-client samples every 10 ms, which was most of an idle process's work. */
const RESOLUTION_MS = 100

const READINGS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const

/**
 * Measures the delay of the event loop, under the names of prom-client's metrics of it. It samples less often than
 * prom-client, and subtracts the interval between samples, so that an idle process has 0. Does not keep the process
 * alive. The readings must be read in their order: the last one begins a new measurement.
 */
export function eventLoopLag (): LagReading[] {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const value = (reading: typeof READINGS[number]): number => {
    if (reading === 'stddev') return seconds(delay.stddev)
    return Math.max(0, seconds(reading.startsWith('p')
      ? delay.percentile(Number(reading.slice(1)))
      : delay[reading as 'min' | 'max' | 'mean']) - RESOLUTION_MS / 1000)
  }
  return READINGS.map((reading, i) => ({
    name: `nodejs_eventloop_lag_${reading}_seconds`,
    help: `The event loop's delay since it was last read: ${reading}.`,
    read: () => {
      const read = value(reading)
      if (i === READINGS.length - 1) delay.reset()
      return read
    }
  }))
}

/** Before the first sample, the histogram has NaN, or an enormous minimum. */
function seconds (nanoseconds: number): number {
  return nanoseconds < Number.MAX_SAFE_INTEGER ? nanoseconds / 1e9 : 0
}
