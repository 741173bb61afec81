import type { Tallied } from '../harness/sink/push-tally.ts'
import { spreadOf, type Spread } from '../outcome/spread.ts'
import type { Plan } from './plan.ts'
import type { EventKind, EventResult, LoadKind } from './results.ts'
import { caughtUp } from './scale.ts'
import { Site } from './site.ts'

/** The number of instances before the event, chosen so that never more than the plan's run at once. */
const BEFORE: Record<EventKind, number> = { join: 2, leave: 3, die: 3 }
/** A new instance has its share when it has so much of an even one. */
const SHARE = 0.9
/** The time between two looks at the shares. */
const LOOK_MS = 250
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 60_000

/** One occurrence of an event. Seconds from the event on. NaN: this kind of event has no such figure. */
export interface Happened {
  recordsPerSecond: number
  attachedSeconds: number
  shareSeconds: number
  endSeconds: number
  longestGapMs: number
  usualGapMs: number
  returned: number
  tallied: Tallied & { sent: number }
}

export async function happen (event: EventKind, rate: number | undefined, plan: Plan, env: NodeJS.ProcessEnv): Promise<Happened> {
  const { recordsPerMessage, hosts, sinkMs } = plan
  const site = await Site.start({ instances: BEFORE[event], recordsPerMessage, hosts, sinkMs, env })
  try {
    await site.load(rate === undefined ? {} : { rate })
    await site.warmUp(plan.warmUpMs, plan.mostWarmUpMs)
    if (rate !== undefined) await caughtUp(site, rate, plan.mostWarmUpMs)
    const before = await site.counts()
    await site.disturbance()
    await site.run(plan.quietMs)
    const after = await site.counts()
    const { longestGapMs: usualGapMs } = await site.disturbance()
    const times = event === 'join'
      ? { ...await join(site), endSeconds: NaN }
      : { attachedSeconds: NaN, shareSeconds: NaN, ...await end(site, event) }
    if (rate !== undefined && !await caughtUp(site, rate, GIVE_UP_MS)) throw new Error(`what gathered in the event (${event}) was not worked off within ${GIVE_UP_MS / 1000} s`)
    await site.run(plan.quietMs)
    const { longestGapMs, returned } = await site.disturbance()
    const tallied = await site.reconcile()
    return {
      recordsPerSecond: (after.settled - before.settled) / (after.at - before.at) * 1000,
      ...times,
      longestGapMs,
      usualGapMs,
      returned,
      tallied
    }
  } finally {
    await site.close()
  }
}

async function join (site: Site): Promise<{ attachedSeconds: number, shareSeconds: number }> {
  const start = performance.now()
  const since = (): number => (performance.now() - start) / 1000
  const joined = await site.join()
  if (!await site.until(async () => (await site.member(joined)).linkUp, GIVE_UP_MS)) {
    throw new Error(`the new instance was not attached within ${GIVE_UP_MS / 1000} s`)
  }
  const attachedSeconds = since()
  const stored = async (): Promise<number[]> => (await site.reading()).members.map(member => member.stored)
  let last = await stored()
  const hasShare = await site.until(async () => {
    await site.run(LOOK_MS)
    const now = await stored()
    const share = shareOfLast(last, now)
    last = now
    return share >= SHARE
  }, GIVE_UP_MS)
  if (!hasShare) throw new Error(`the new instance did not come to have its share within ${GIVE_UP_MS / 1000} s`)
  return { attachedSeconds, shareSeconds: since() }
}

async function end (site: Site, event: 'leave' | 'die'): Promise<{ endSeconds: number }> {
  const start = performance.now()
  await site.end(site.members[0], event === 'leave' ? 'SIGTERM' : 'SIGKILL')
  return { endSeconds: (performance.now() - start) / 1000 }
}

/**
 * Returns the last instance's share of all records stored between two counts, relative to an even share; 0 where
 * nothing was stored.
 */
export function shareOfLast (before: readonly number[], now: readonly number[]): number {
  const grown = now.map((count, i) => count - before[i])
  const total = grown.reduce((sum, count) => sum + count, 0)
  return total === 0 ? 0 : grown[grown.length - 1] / total * grown.length
}

export function eventResult (event: EventKind, load: LoadKind, times: readonly Happened[]): EventResult {
  const spread = (of: (one: Happened) => number): Spread => spreadOf(times.map(of))
  const known = (of: (one: Happened) => number): Spread | null => times.some(one => Number.isNaN(of(one))) ? null : spread(of)
  const total = (of: (tallied: Happened['tallied']) => number): number => times.reduce((sum, { tallied }) => sum + of(tallied), 0)
  return {
    event,
    load,
    instances: BEFORE[event],
    recordsPerSecond: spread(one => one.recordsPerSecond).median,
    attachedSeconds: known(one => one.attachedSeconds),
    shareSeconds: known(one => one.shareSeconds),
    endSeconds: event === 'leave' ? known(one => one.endSeconds) : null,
    longestGapMs: spread(one => one.longestGapMs),
    usualGapMs: spread(one => one.usualGapMs),
    returned: spread(one => one.returned),
    repeated: spread(one => one.tallied.repeated),
    storedTwice: spread(one => one.tallied.storedTwice),
    sent: total(({ sent }) => sent),
    missing: total(({ missing }) => missing),
    doubled: total(({ doubled }) => doubled)
  }
}
