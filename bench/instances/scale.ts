import type { Tallied } from '../harness/sink/push-tally.ts'
import { spreadOf, type Spread } from '../outcome/spread.ts'
import type { Plan } from './plan.ts'
import { between, evenness, type Stretch } from './readings.ts'
import type { CurveResult, LoadKind, ScaleResult } from './results.ts'
import { Site } from './site.ts'

/** One measurement of so many instances, at a rate or as fast as they take it. */
export interface Run extends Stretch {
  p50: number
  p99: number
  recordsPerStream: number
  tallied: Tallied & { sent: number }
}

export interface Round { load: LoadKind, instances: number, run: Run }

/** An undefined `rate` stands for full load. */
export async function measure (
  plan: Plan, env: NodeJS.ProcessEnv, instances: number, rate: number | undefined, sinkMs = plan.sinkMs
): Promise<Run> {
  const { recordsPerMessage, hosts } = plan
  const site = await Site.start({ instances, recordsPerMessage, hosts, sinkMs, env })
  try {
    await site.load(rate === undefined ? {} : { rate })
    await site.warmUp(plan.warmUpMs, plan.mostWarmUpMs)
    if (rate !== undefined) await caughtUp(site, rate, plan.mostWarmUpMs)
    await site.times()
    const section = await site.mark()
    const before = await site.reading()
    await site.run(plan.windowMs)
    const after = await site.reading()
    const { count, p50, p99 } = await site.times()
    if (count === 0) throw new Error(`nothing was accepted within ${plan.windowMs} ms by ${instances} instances`)
    await site.mark()
    const tallied = await site.reconcile()
    return { ...between(before, after), p50, p99, recordsPerStream: await site.recordsPerStream(section) ?? NaN, tallied }
  } finally {
    await site.close()
  }
}

/**
 * Waits until the backlog is worked off: until no more waits than comes in a tenth of a second. That never happens
 * where the rate is too high.
 */
export async function caughtUp (site: Site, rate: number, ms: number): Promise<boolean> {
  return await site.until(async () => {
    const { sent, settled, behind } = await site.counts()
    return behind + sent - settled <= rate / 10
  }, ms)
}

/** Turns the rounds into the shown figures. Each round holds all numbers of instances, one instance among them. */
export function summarise (rounds: readonly Round[][]): ScaleResult[] {
  const cases = rounds[0].map(({ load, instances }) => ({ load, instances }))
  return cases.map(({ load, instances }) => {
    const find = (round: readonly Round[], count: number): Run => {
      const found = round.find(one => one.load === load && one.instances === count)
      if (found === undefined) throw new RangeError(`a round without ${count} instances at ${load} load`)
      return found.run
    }
    const runs = rounds.map(round => ({ run: find(round, instances), one: find(round, 1) }))
    const spread = (of: (run: Run, one: Run) => number): Spread => spreadOf(runs.map(({ run, one }) => of(run, one)))
    const known = (of: (run: Run) => number): Spread | null => runs.some(({ run }) => Number.isNaN(of(run))) ? null : spread(of)
    const total = (of: (tallied: Run['tallied']) => number): number => runs.reduce((sum, { run }) => sum + of(run.tallied), 0)
    return {
      load,
      instances,
      recordsPerSecond: spread(run => run.recordsPerSecond),
      usPerRecord: spread(run => run.usPerRecord),
      mainUsPerRecord: known(run => run.mainUsPerRecord),
      rateRatio: spread((run, one) => run.recordsPerSecond / one.recordsPerSecond),
      usRatio: spread((run, one) => run.usPerRecord / one.usPerRecord),
      cores: spread(run => run.cores).median,
      workersBusy: spread(run => run.workersBusy).median,
      leastShare: spread(run => evenness(run.shares).least),
      mostShare: spread(run => evenness(run.shares).most),
      rssMb: spread(run => run.rssMb.reduce((sum, one) => sum + one, 0)).median,
      largestRssMb: spread(run => Math.max(...run.rssMb)).median,
      latencyMs: { p50: spread(run => run.p50), p99: spread(run => run.p99) },
      pushesPerSecond: spread(run => run.pushesPerSecond).median,
      recordsPerPush: spread(run => run.recordsPerPush).median,
      recordsPerStream: known(run => run.recordsPerStream)?.median ?? null,
      bytesPerRecord: spread(run => run.bytesPerRecord).median,
      sent: total(({ sent }) => sent),
      missing: total(({ missing }) => missing),
      doubled: total(({ doubled }) => doubled)
    }
  })
}

/** Throws where a record was not stored exactly once, because a point has no place for such a loss. */
export function curvePoint (sinkMs: number, load: number, run: Run): CurveResult {
  const { missing, doubled } = run.tallied
  if (missing + doubled > 0) throw new Error(`of one instance at ${load * 100} % of its most, store ${sinkMs} ms, ${missing} records are missing and ${doubled} doubled`)
  const { recordsPerSecond, usPerRecord, cores, mainBusy, workersBusy, p50, p99, pushesPerSecond } = run
  return {
    sinkMs,
    load,
    recordsPerSecond,
    usPerRecord,
    cores,
    mainBusy: Number.isNaN(mainBusy) ? null : mainBusy,
    workersBusy,
    p50,
    p99,
    pushesPerSecond
  }
}
