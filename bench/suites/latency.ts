import { catchUp } from '../harness/catch-up.ts'
import { rateBetween, type Rig, startRig } from '../harness/rig.ts'
import type { LatencyResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

export interface LatencyOptions extends SuiteOptions {
  /** Returns the records/s at so many records a message, where an earlier suite measured it. */
  maximum?: (recordsPerMessage: number) => number | undefined
  /** The store is not the bench's own, so its delay cannot be set. */
  realLoki?: boolean
}

interface Plan { warmUpMs: number, mostWarmUpMs: number, windows: number, leastMs: number, mostMs: number }

const FULL: Plan = { warmUpMs: 2000, mostWarmUpMs: 10_000, windows: 3, leastMs: 3000, mostMs: 10_000 }
const QUICK: Plan = { warmUpMs: 700, mostWarmUpMs: 3000, windows: 1, leastMs: 1200, mostMs: 1200 }
/** A window needs so many messages, or p99.9 would be its single longest time. */
const MESSAGES_A_WINDOW = 3000
const SETTINGS = { LOKEAN_WORKERS: '1', LOKEAN_SHARDS: '4', LOKEAN_LINGER: '0ms' }

/**
 * Measures the time from sending to acceptance at a steady rate, by size of the messages, load, and delay of the sink.
 */
export async function latency (options: LatencyOptions): Promise<LatencyResult[]> {
  const { quick, progress, realLoki = false } = options
  const results: LatencyResult[] = []
  for (const recordsPerMessage of quick ? [100] : [1, 100]) {
    const maximum = options.maximum?.(recordsPerMessage) ?? await measureMaximum(recordsPerMessage, options)
    for (const sinkMs of realLoki || quick ? [0] : [0, 20]) {
      for (const load of quick ? [0.5] : [0.1, 0.5, 0.9]) {
        progress(`latency: ${recordsPerMessage} a message, ${load * 100} % of ${Math.round(maximum).toLocaleString('en')} records/s, sink ${sinkMs} ms`)
        results.push(await measureOne({ recordsPerMessage, load, sinkMs }, maximum * load, quick ? QUICK : FULL))
      }
    }
  }
  return results
}

async function measureMaximum (recordsPerMessage: number, { quick, progress }: SuiteOptions): Promise<number> {
  progress(`latency: ${recordsPerMessage} a message, the maximum first`)
  return await withRig({ recordsPerMessage, env: SETTINGS }, async rig => {
    await rig.load.start()
    await rig.warmUp(quick ? 1000 : 2000, (quick ? QUICK : FULL).mostWarmUpMs)
    const before = await rig.load.counts()
    await rig.run(quick ? 1000 : 3000)
    const rate = rateBetween(before, await rig.load.counts())
    await rig.load.stop()
    return rate
  })
}

async function measureOne (
  which: Pick<LatencyResult, 'recordsPerMessage' | 'load' | 'sinkMs'>, rate: number, plan: Plan
): Promise<LatencyResult> {
  const { recordsPerMessage, sinkMs } = which
  const windowMs = Math.min(plan.mostMs, Math.max(plan.leastMs, MESSAGES_A_WINDOW * recordsPerMessage / rate * 1000))
  return await withRig({ recordsPerMessage, env: SETTINGS, sinkMs }, async rig => {
    await rig.load.start({ rate })
    await rig.warmUp(plan.warmUpMs, plan.mostWarmUpMs)
    await catchUp(rig, rate, plan.mostWarmUpMs)
    await rig.load.times()
    const before = await rig.load.counts()
    const windows: Array<{ p50: number, p99: number, p999: number }> = []
    for (let window = 0; window < plan.windows; window++) {
      await rig.run(windowMs)
      const { count, p50, p99, p999 } = await rig.load.times()
      if (count === 0) throw new Error(`nothing was accepted within ${windowMs} ms at ${rate} records/s`)
      windows.push({ p50, p99, p999 })
    }
    const recordsPerSecond = rateBetween(before, await rig.load.counts())
    await rig.load.stop()
    const spread = {
      p50: spreadOf(windows.map(one => one.p50)), p99: spreadOf(windows.map(one => one.p99)), p999: spreadOf(windows.map(one => one.p999))
    }
    return { ...which, recordsPerSecond, p50: spread.p50.median, p99: spread.p99.median, p999: spread.p999.median, spread }
  })
}

async function withRig<T> (options: Parameters<typeof startRig>[0], work: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await startRig(options)
  try {
    return await work(rig)
  } finally {
    await rig.close()
  }
}
