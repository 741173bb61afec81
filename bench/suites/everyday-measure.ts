import { loadConfig } from '../../src/config/load.ts'
import { coresBetween, rateBetween, type Rig, type Snapshot, startRig } from '../harness/rig.ts'
import { lokiCpuSeconds } from '../harness/sink/loki-cpu.ts'
import type { EverydayResult } from '../outcome/results.ts'
import type { Days } from './everyday-days.ts'

export interface EverydayTimes { warmUpMs: number, settleMs: number, windowMs: number }

export type Measured = Omit<EverydayResult, 'receiverCores'>

const SETTINGS = { LOKEAN_WORKERS: '1', LOKEAN_SHARDS: '4' }
/** Records a second at which a new program meets its streams. A real Loki takes them within its default limits. */
const MEETING = { bench: 50_000, real: 5_000 }
const MOST_MEETING_MS = 120_000

/** Measures these days on one program, with each delay of the sink. Rejects where a record is lost or doubled. */
export async function measureDays (
  { hosts, recordsPerMessage, rates }: Days, lingerMs: number, sinksMs: readonly number[], times: EverydayTimes
): Promise<Measured[]> {
  const rig = await startRig({ recordsPerMessage, hosts, env: { ...SETTINGS, LOKEAN_LINGER: `${lingerMs}ms` } })
  try {
    await rig.load.start({ rate: rig.sink === undefined ? MEETING.real : MEETING.bench })
    await rig.warmUp(times.warmUpMs, MOST_MEETING_MS)
    let { sent } = await rig.load.stop()
    await rig.sink?.digest()
    const measured: Measured[] = []
    for (const sinkMs of sinksMs) {
      await rig.sink?.delay(sinkMs)
      for (const recordsPerSecond of rates) {
        await rig.load.start({ rate: recordsPerSecond, senders: hosts })
        const figures = await measure(rig, times)
        measured.push({ recordsPerSecond, hosts, recordsPerMessage, lingerMs, ...figures, sinkMs })
        sent = (await rig.load.stop()).sent
      }
    }
    const { missing, doubled, other } = await rig.reconcile(sent)
    if (missing + doubled + other > 0) throw new Error(`of ${sent} records ${missing} are missing and ${doubled} doubled, and ${other} entries are others`)
    return measured
  } finally {
    await rig.close()
  }
}

async function measure (
  rig: Rig, { settleMs, windowMs }: EverydayTimes
): Promise<Omit<Measured, 'recordsPerSecond' | 'hosts' | 'recordsPerMessage' | 'lingerMs' | 'sinkMs'>> {
  await rig.run(settleMs)
  await Promise.all([rig.load.times(), rig.load.lags()])
  const from = await read(rig)
  await rig.run(windowMs)
  const to = await read(rig, from)
  const [times, lags] = [await rig.load.times(), await rig.load.lags()]
  const records = to.load.settled - from.load.settled
  if (records === 0) throw new Error(`nothing was accepted within ${windowMs} ms`)
  const cores = coresBetween(from, to)
  const settledPerSecond = rateBetween(from.load, to.load)
  const seconds = (to.load.at - from.load.at) / 1000
  return {
    cores,
    usPerRecord: cores / settledPerSecond * 1e6,
    pushesPerSecond: (to.pushes - from.pushes) / seconds,
    recordsPerPush: records / (to.pushes - from.pushes),
    p50Ms: times.p50,
    p99Ms: times.p99,
    settledPerSecond,
    lagP99Ms: lags.count === 0 ? null : lags.p99,
    storeCores: from.storeSeconds === undefined || to.storeSeconds === undefined ? null : (to.storeSeconds - from.storeSeconds) / seconds
  }
}

interface Reading extends Snapshot { pushes: number, storeSeconds: number | undefined }

/** A scrape costs the program CPU, so it is made before the first snapshot and after the second. */
async function read (rig: Rig, from?: Reading): Promise<Reading> {
  if (rig.sink !== undefined) {
    const { pushes } = await rig.sink.counts()
    return { ...await rig.snapshot(), pushes, storeSeconds: undefined }
  }
  const [snapshot] = from === undefined ? [] : [await rig.snapshot()]
  const pushes = (await rig.program.metrics()).get('lokean_push_records_count') ?? NaN
  const storeSeconds = await lokiCpuSeconds(loadConfig(process.env).config.loki.urls[0])
  return { ...snapshot ?? await rig.snapshot(), pushes, storeSeconds }
}
