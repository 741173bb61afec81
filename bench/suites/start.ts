import { startLokiThread } from '../../src/embedded/loki/thread.ts'
import { startRig } from '../harness/rig.ts'
import type { StartResult, SuiteOptions } from '../outcome/results.ts'

/** The hosts of a large cloud, 20 streams each, when its only instance is started. */
const FULL = { streams: 200_000, recordsPerSecond: 20_000 }
const QUICK = { streams: 5_000, recordsPerSecond: 20_000 }
const RECORDS_PER_MESSAGE = 10
const MARKER = ' seq='
const STEP_MS = 20
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 600_000

/** The embedded Loki as an operator of such a cloud has it: it tells its limits, and they are wide enough. */
const STORE = {
  version: '3.7.6',
  publishedLimits: [],
  limits: { rateBytes: Infinity, burstBytes: Infinity, streams: 1_000_000 },
  maxEntries: 16_000_000,
  maxBytes: 2 ** 30,
  countDropped: MARKER
} as const

/** Measures the time until the first record of each of many streams is stored that nobody knows yet. */
export async function start ({ quick, progress }: SuiteOptions): Promise<StartResult[]> {
  const { streams, recordsPerSecond } = quick ? QUICK : FULL
  progress(`start: ${streams.toLocaleString('en')} new streams`)
  const store = await startLokiThread(STORE)
  try {
    const rig = await startRig({ recordsPerMessage: RECORDS_PER_MESSAGE, streams, own: true, lokiUrl: store.url })
    try {
      await rig.load.start({ rate: recordsPerSecond })
      const began = performance.now()
      let { streams: known, pushes } = await store.stats()
      while (known < streams) {
        if (performance.now() - began > GIVE_UP_MS) throw new Error(`only ${known} of ${streams} streams were stored within ${GIVE_UP_MS / 1000} s`)
        await rig.run(STEP_MS)
        ;({ streams: known, pushes } = await store.stats())
      }
      const seconds = (performance.now() - began) / 1000
      const { sent } = await rig.load.stop()
      const { missing, repeated } = await store.reconcile({ marker: MARKER, expected: sent })
      if (missing + repeated > 0) throw new Error(`of ${sent} records ${missing} are missing from the store and ${repeated} are doubled`)
      return [{ streams, seconds, pushes, recordsPerSecond }]
    } finally {
      await rig.close()
    }
  } finally {
    await store.close()
  }
}
