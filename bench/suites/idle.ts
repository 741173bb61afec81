import { coresBetween, startRig } from '../harness/rig.ts'
import type { IdleResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'

/** Milliseconds that the program needs to settle after its start, and milliseconds of one measurement. */
const FULL = { repeats: 3, settleMs: 3000, windowMs: 10_000 }
const QUICK = { repeats: 1, settleMs: 700, windowMs: 1500 }

/**
 * Measures CPU of the attached program while nothing comes, in percent of one core. The connection's heartbeat costs a
 * little.
 */
export async function idle ({ quick, progress }: SuiteOptions): Promise<IdleResult> {
  const { repeats, settleMs, windowMs } = quick ? QUICK : FULL
  const rig = await startRig({ recordsPerMessage: 1, own: true })
  try {
    await rig.run(settleMs)
    const percents: number[] = []
    for (let repeat = 1; repeat <= repeats; repeat++) {
      progress(`idle: ${windowMs / 1000} s, repeat ${repeat} of ${repeats}`)
      const from = await rig.snapshot()
      await rig.run(windowMs)
      percents.push(coresBetween(from, await rig.snapshot()) * 100)
    }
    const spread = spreadOf(percents)
    return { cpuPercent: spread.median, spread }
  } finally {
    await rig.close()
  }
}
