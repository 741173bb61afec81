import { Floor } from '../harness/floor/floor.ts'
import { rateBetween, type Rig, startRig } from '../harness/rig.ts'
import type { PipelineResult, SuiteOptions } from '../outcome/results.ts'
import { type Spread, spreadOf } from '../outcome/spread.ts'

export interface Case { recordsPerMessage: number, workers: number, shards: number }

const HOSTS = 100
const FULL_CASES: readonly Case[] = [
  1, 4
].flatMap(shards => [1, 2, 4].flatMap(workers => [1, 10, 100, 256].map(recordsPerMessage => ({ recordsPerMessage, workers, shards }))))
const QUICK_CASES: readonly Case[] = [1, 100].map(recordsPerMessage => ({ recordsPerMessage, workers: 1, shards: 4 }))

/** Milliseconds: the least that V8 needs to compile, the measured window, and one measurement of the floor. */
const FULL = { repeats: 3, warmUpMs: 3000, windowMs: 4000, floorMs: 400 }
const QUICK = { repeats: 1, warmUpMs: 1000, windowMs: 1500, floorMs: 200 }

/** The figures of one window. NaN: it cannot be measured here. */
interface Measured {
  recordsPerSecond: number
  usPerRecord: number
  mainUsPerRecord: number
  workerUsPerRecord: number
  rssMb: number
  delayMs: { p50: number, p99: number, max: number }
  sent: number
  /** The sink's number of the window, and the program's metrics before and after it. */
  section: number | undefined
  metricsBefore: Map<string, number>
  metrics: Map<string, number>
}

interface Repeat extends Measured {
  ratio: number
  bytesPerRecord: number
  bytesRatio: number
  recordsPerPush: number
  stored: number
  missing: number
  doubled: number
}

/**
 * Measures the built program under full load, between a load that sends as fast as it may and a sink that only reads:
 * its rate, and the CPU that each record costs. Each repeat has a new program, and its floor is measured right before
 * and after it, because a shared machine changes its speed. Every sent record is reconciled with the store.
 */
export async function pipeline ({
  quick, progress, cases = quick
    ? QUICK_CASES
    : FULL_CASES
}: SuiteOptions & { cases?: readonly Case[] }): Promise<PipelineResult[]> {
  const times = quick ? QUICK : FULL
  const results: PipelineResult[] = []
  for (const [index, one] of cases.entries()) {
    const { recordsPerMessage, workers, shards } = one
    const floor = await Floor.start({ recordsPerMessage, hosts: HOSTS }, times.floorMs)
    try {
      const repeats: Repeat[] = []
      for (let number = 1; number <= times.repeats; number++) {
        progress(`pipeline ${index + 1} of ${cases.length}: ${recordsPerMessage} a message, ${workers} workers, ${shards} shards, repeat ${number} of ${times.repeats}`)
        repeats.push(await repeat(one, floor, times))
      }
      results.push(summarise(one, repeats))
    } finally {
      await floor.close()
    }
  }
  return results
}

async function repeat ({ recordsPerMessage, workers, shards }: Case, floor: Floor, times: typeof FULL): Promise<Repeat> {
  const before = await floor.measure(times.floorMs)
  const rig = await startRig({ recordsPerMessage, hosts: HOSTS, env: { LOKEAN_WORKERS: `${workers}`, LOKEAN_SHARDS: `${shards}` } })
  try {
    const measured = await measure(rig, times)
    // The floor is measured at once, while the machine has not changed. Everything is settled, so the rig is idle.
    const after = await floor.measure(times.floorMs)
    return {
      ...measured, ...await check(rig, measured.sent), ratio: measured.usPerRecord / ((before + after) / 2), ...await pushed(rig, measured)
    }
  } finally {
    await rig.close()
  }
}

async function measure (rig: Rig, { warmUpMs, windowMs }: typeof FULL): Promise<Measured> {
  await rig.load.start()
  await rig.warmUp(warmUpMs)
  // Each scrape starts a new period of the event-loop delay, and costs CPU, so it stays outside the window.
  const metricsBefore = await rig.program.metrics()
  const section = await rig.sink?.mark()
  const from = await rig.snapshot()
  await rig.run(windowMs)
  const to = await rig.snapshot()
  await rig.sink?.mark()
  const metrics = await rig.program.metrics()
  const rssMb = rig.program.memory()?.peakMb ?? (metrics.get('process_resident_memory_bytes') ?? NaN) / 2 ** 20
  const { sent } = await rig.load.stop()
  const records = to.load.settled - from.load.settled
  const perRecord = (key: 'totalMicros' | 'mainMicros'): number => (to.cpu[key] - from.cpu[key]) / records
  const delay = (name: string): number => (metrics.get(`nodejs_eventloop_lag_${name}_seconds`) ?? NaN) * 1000
  return {
    recordsPerSecond: rateBetween(from.load, to.load),
    usPerRecord: perRecord('totalMicros'),
    mainUsPerRecord: perRecord('mainMicros'),
    workerUsPerRecord: perRecord('totalMicros') - perRecord('mainMicros'),
    rssMb,
    delayMs: { p50: delay('p50'), p99: delay('p99'), max: delay('max') },
    sent,
    section,
    metricsBefore,
    metrics
  }
}

async function check (rig: Rig, sent: number): Promise<Pick<Repeat, 'stored' | 'missing' | 'doubled'>> {
  const { stored, missing, doubled, other } = await rig.reconcile(sent)
  if (other > 0) throw new Error(`${other} entries are in the store that were not sent as they are there`)
  return { stored, missing, doubled }
}

/** Reads the sink's own books. For another store, only the program's metrics tell. */
async function pushed (
  rig: Rig, { section, metricsBefore: before, metrics: after }: Measured
): Promise<Pick<Repeat, 'bytesPerRecord' | 'bytesRatio' | 'recordsPerPush'>> {
  if (rig.sink !== undefined && section !== undefined) {
    const { pushes, bytes, records, maximal } = await rig.sink.section(section)
    return {
      bytesPerRecord: bytes / records, bytesRatio: (bytes / records) / (maximal.bytes / maximal.records), recordsPerPush: records / pushes
    }
  }
  const grown = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN)
  const records = grown('lokean_push_records_sum')
  return {
    bytesPerRecord: grown('lokean_push_bytes_sum') / records, bytesRatio: NaN, recordsPerPush: records / grown('lokean_push_records_count')
  }
}

function summarise (one: Case, repeats: readonly Repeat[]): PipelineResult {
  const spread = (of: (repeat: Repeat) => number): Spread | null => {
    const values = repeats.map(of)
    return values.some(Number.isNaN) ? null : spreadOf(values)
  }
  const certain = (of: (repeat: Repeat) => number): Spread => spreadOf(repeats.map(of))
  const sum = (of: (repeat: Repeat) => number): number => repeats.reduce((total, repeat) => total + of(repeat), 0)
  const spreads = {
    recordsPerSecond: certain(repeat => repeat.recordsPerSecond),
    usPerRecord: certain(repeat => repeat.usPerRecord),
    mainUsPerRecord: spread(repeat => repeat.mainUsPerRecord),
    workerUsPerRecord: spread(repeat => repeat.workerUsPerRecord),
    ratio: certain(repeat => repeat.ratio)
  }
  const [p50, p99, max] = (['p50', 'p99', 'max'] as const).map(key => spread(repeat => repeat.delayMs[key])?.median)
  return {
    ...one,
    recordsPerSecond: spreads.recordsPerSecond.median,
    usPerRecord: spreads.usPerRecord.median,
    mainUsPerRecord: spreads.mainUsPerRecord?.median ?? null,
    workerUsPerRecord: spreads.workerUsPerRecord?.median ?? null,
    rssMb: certain(repeat => repeat.rssMb).median,
    ratio: spreads.ratio.median,
    spread: spreads,
    bytesPerRecord: spread(repeat => repeat.bytesPerRecord)?.median ?? null,
    bytesRatio: spread(repeat => repeat.bytesRatio)?.median ?? null,
    recordsPerPush: spread(repeat => repeat.recordsPerPush)?.median ?? null,
    eventLoopDelayMs: p50 === undefined || p99 === undefined || max === undefined ? null : { p50, p99, max },
    sent: sum(repeat => repeat.sent),
    stored: sum(repeat => repeat.stored),
    missing: sum(repeat => repeat.missing),
    doubled: sum(repeat => repeat.doubled)
  }
}
