import { loadConfig } from '../../src/config/load.ts'
import { type LokiThread, startLokiThread } from '../../src/embedded/loki/thread.ts'
import { rateBetween, startRig } from '../harness/rig.ts'
import type { LokiResult, SuiteOptions } from '../outcome/results.ts'
import { spreadOf } from '../outcome/spread.ts'
import { type Pushed, pushAll } from './loki-ceiling.ts'
import { type PreparedPush, PushMaker } from './loki-pushes.ts'

const CONNECTIONS = [1, 2, 4, 8, 16]
const RECORDS_A_MESSAGE = 100
const MARKER = ' seq='
/** The pushes are held in memory while they are sent, some 270 KB each. */
const MOST_PUSHES = 400

/** The embedded Loki without its tenant limits. It drops old records when it reaches this size. */
const EMBEDDED = {
  limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity }, maxEntries: 4_000_000, maxBytes: 2 ** 30, countDropped: MARKER
}

/**
 * Measures the store's own limit: prepared pushes, as Lokean would make them, over 1 to 16 connections, none sent
 * twice. Then it measures Lokean with the same store. The store is that of `LOKEAN_LOKI_URL`, or the embedded one in a
 * thread of this process, new for each run.
 */
export async function loki ({ quick, progress }: SuiteOptions): Promise<LokiResult> {
  const { given, config: { loki: settings } } = loadConfig(process.env)
  const embedded = !given.has('LOKEAN_LOKI_URL')
  const repeats = quick ? 1 : 3
  const reached: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    progress(`loki: what Lokean reaches, repeat ${repeat + 1} of ${repeats}`)
    reached.push(await withStore(embedded, async store => await reach(store, quick, repeat === 0)))
  }
  const maker = new PushMaker(process.env)
  const push = async (count: number, connections: number): Promise<Pushed> => {
    const pushes = await maker.make(count)
    // The streams exist before the clock starts, as in the measurement of Lokean.
    const warmUp = await maker.make(connections)
    return await withStore(embedded, async store => {
      await pushAll(settings, store?.url ?? settings.urls[0], warmUp, connections)
      return await pushAll(settings, store?.url ?? settings.urls[0], pushes, connections)
    })
  }
  progress('loki: the store alone')
  const recordsPerPush = mean(await maker.make(1))
  let guess = (await push(20, 4)).recordsPerSecond
  const ceiling: LokiResult['ceiling'] = []
  for (const connections of quick ? [1, 16] : CONNECTIONS) {
    const runs: Pushed[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      progress(`loki: the store alone, ${connections} connections, repeat ${repeat + 1} of ${repeats}`)
      runs.push(await push(
        Math.min(MOST_PUSHES, Math.max(4 * connections, Math.ceil(guess * (quick ? 0.3 : 2) / recordsPerPush))), connections
      ))
      guess = runs[repeat].recordsPerSecond
    }
    const spread = spreadOf(runs.map(run => run.recordsPerSecond))
    ceiling.push({
      connections,
      recordsPerSecond: spread.median,
      p50: spreadOf(runs.map(run => run.p50)).median,
      p99: spreadOf(runs.map(run => run.p99)).median,
      refused: runs.reduce((sum, run) => sum + run.refused, 0),
      spread
    })
  }
  const spread = spreadOf(reached)
  return {
    url: embedded ? 'the embedded one' : settings.urls[0], recordsPerPush, ceiling, reached: { recordsPerSecond: spread.median, spread }
  }
}

async function withStore<T> (embedded: boolean, work: (store: LokiThread | undefined) => Promise<T>): Promise<T> {
  const store = embedded ? await startLokiThread(EMBEDDED) : undefined
  try {
    return await work(store)
  } finally {
    await store?.close()
  }
}

/** Returns the records/s of the program at its settings under full load. Rejects where a sent record is not stored. */
async function reach (store: LokiThread | undefined, quick: boolean, first: boolean): Promise<number> {
  // Only the first of several distributors is used, as for the prepared pushes. The setting's own text also holds user
  // and password.
  const rig = await startRig({
    recordsPerMessage: RECORDS_A_MESSAGE, lokiUrl: store?.url ?? process.env.LOKEAN_LOKI_URL?.split(',')[0].trim()
  })
  try {
    await rig.load.start()
    await rig.warmUp(quick ? 700 : 2000, 15_000)
    const before = await rig.load.counts()
    await rig.run(quick ? 700 : 4000)
    const rate = rateBetween(before, await rig.load.counts())
    if (rate === 0) throw new Error('nothing was accepted within the time that was measured')
    const { sent } = await rig.load.stop()
    // Reading everything back from a real store takes longer than the run, so it is done once.
    const { missing, doubled } = store !== undefined
      ? await reconcileEmbedded(store, sent)
      : first
        ? await rig.reconcile(sent)
        : { missing: 0, doubled: 0 }
    if (missing + doubled > 0) throw new Error(`of ${sent} records ${missing} are missing from the store and ${doubled} are doubled`)
    return rate
  } finally {
    await rig.close()
  }
}

async function reconcileEmbedded (store: LokiThread, expected: number): Promise<{ missing: number, doubled: number }> {
  const { missing, repeated } = await store.reconcile({ marker: MARKER, expected })
  return { missing, doubled: repeated }
}

function mean (pushes: readonly PreparedPush[]): number {
  return pushes.reduce((sum, { records }) => sum + records, 0) / pushes.length
}
