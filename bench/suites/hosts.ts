import { rateBetween, startRig } from '../harness/rig.ts'
import type { HostsResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

interface Plan { warmUpMs: number, mostWarmUpMs: number, windows: number, windowMs: number }

const FULL: Plan = { warmUpMs: 2000, mostWarmUpMs: 15_000, windows: 3, windowMs: 3000 }
const QUICK: Plan = { warmUpMs: 700, mostWarmUpMs: 3000, windows: 1, windowMs: 700 }
const SENDERS = [1, 10, 200] as const
const SETTINGS = { LOKEAN_WORKERS: '1', LOKEAN_SHARDS: '4' }

/**
 * Measures senders that each wait for a message's acceptance before they send the next, as rsyslog's omamqp1 does:
 * their common rate, and the wait of each.
 */
export async function hosts ({ quick, progress }: SuiteOptions): Promise<HostsResult[]> {
  const results: HostsResult[] = []
  for (const recordsPerMessage of quick ? [1] : [1, 100]) {
    for (const senders of quick ? [1, 200] : SENDERS) {
      progress(`hosts: ${senders} waiting, ${recordsPerMessage} a message`)
      results.push(await measureOne(senders, recordsPerMessage, quick ? QUICK : FULL))
    }
  }
  return results
}

async function measureOne (senders: number, recordsPerMessage: number, plan: Plan): Promise<HostsResult> {
  const rig = await startRig({ recordsPerMessage, hosts: senders, env: SETTINGS })
  try {
    await rig.load.start({ senders })
    await rig.warmUp(plan.warmUpMs, plan.mostWarmUpMs)
    await rig.load.times()
    let before = await rig.load.counts()
    const windows: Array<{ rate: number, p50: number, p99: number }> = []
    for (let window = 0; window < plan.windows; window++) {
      await rig.run(plan.windowMs)
      const [after, { count, p50, p99 }] = [await rig.load.counts(), await rig.load.times()]
      if (count === 0) throw new Error(`none of ${senders} senders had a message accepted within ${plan.windowMs} ms`)
      windows.push({ rate: rateBetween(before, after), p50, p99 })
      before = after
    }
    await rig.load.stop()
    const spread = {
      recordsPerSecond: spreadOf(windows.map(one => one.rate)),
      p50: spreadOf(windows.map(one => one.p50)),
      p99: spreadOf(windows.map(one => one.p99))
    }
    return {
      senders,
      recordsPerMessage,
      recordsPerSecond: spread.recordsPerSecond.median,
      waitMs: { p50: spread.p50.median, p99: spread.p99.median },
      spread
    }
  } finally {
    await rig.close()
  }
}
