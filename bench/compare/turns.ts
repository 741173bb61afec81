import { setTimeout as pause } from 'node:timers/promises'
import type { Rig, Snapshot } from '../harness/rig.ts'
import { type Readings, type Side, SIDES, type Sides } from './pairs.ts'

/** Short, for a shared machine is as fast in a slice as in the next one; and many, so that what differs evens out. */
const PLAN = { rounds: 32, sliceMs: 250 }
/** The load has read by then what a program said before it stood still. */
const QUIET_MS = 20

/**
 * Two programs under load, both warm: one of them runs for a slice of time while the other is frozen, and then the other way round. What
 * stands still costs nothing, and what lies half done in it is done in its next slice: so a program's CPU is all that it used from the
 * first slice to the last, and its rate is by the time that it ran.
 */
export async function takeTurns (rigs: Sides<Rig>, { rounds, sliceMs } = PLAN): Promise<Sides<Readings>> {
  for (const side of SIDES) rigs[side].program.freeze()
  const from = await look(rigs)
  const ranMs: Record<Side, number> = { before: 0, after: 0 }
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) ranMs[side] += await slice(rigs[side], sliceMs)
  }
  const to = await look(rigs)
  for (const side of SIDES) rigs[side].program.thaw()
  const readings = (side: Side): Readings => {
    const records = to[side].load.settled - from[side].load.settled
    return {
      usPerRecord: (to[side].cpu.totalMicros - from[side].cpu.totalMicros) / records,
      mainUsPerRecord: (to[side].cpu.mainMicros - from[side].cpu.mainMicros) / records,
      recordsPerSecond: records / ranMs[side] * 1000
    }
  }
  return { before: readings('before'), after: readings('after') }
}

/** How many milliseconds it ran. */
async function slice (rig: Rig, ms: number): Promise<number> {
  const start = performance.now()
  rig.program.thaw()
  await rig.run(ms)
  rig.program.freeze()
  return performance.now() - start
}

/** At programs that stand still: their metrics would not answer, so without /proc nothing is known of their CPU. */
async function look (rigs: Sides<Rig>): Promise<Sides<Snapshot>> {
  await pause(QUIET_MS)
  const [before, after] = await Promise.all(SIDES.map(async side => {
    const { load, program } = rigs[side]
    return { load: await load.counts(), cpu: program.cpu() ?? { totalMicros: NaN, mainMicros: NaN } }
  }))
  return { before, after }
}
