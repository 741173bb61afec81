import { setTimeout as pause } from 'node:timers/promises'
import type { Rig, Snapshot } from '../harness/rig.ts'
import { orderOf, type Readings, type Side, SIDES, type Sides } from './pairs.ts'

/**
 * Slices are short, because a shared machine hardly changes its speed from one to the next. There are many, so that the
 * differences even out.
 */
const PLAN = { rounds: 32, sliceMs: 250 }
/** After this time the load has read everything that the program wrote before it was frozen. */
const QUIET_MS = 20

/**
 * Runs two warm programs under load in turns: one runs for a slice of time while the other is frozen. A frozen program
 * costs nothing, and it finishes its work in its next slice. So its CPU is counted from the first slice to the last,
 * and its rate by the time that it ran.
 */
export async function takeTurns (rigs: Sides<Rig>, { rounds, sliceMs } = PLAN): Promise<Sides<Readings>> {
  for (const side of SIDES) rigs[side].program.freeze()
  const from = await look(rigs)
  const ranMs: Record<Side, number> = { before: 0, after: 0 }
  for (let round = 0; round < rounds; round++) {
    for (const side of orderOf(round)) ranMs[side] += await slice(rigs[side], sliceMs)
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

/** Returns how many milliseconds the program ran. */
async function slice (rig: Rig, ms: number): Promise<number> {
  const start = performance.now()
  rig.program.thaw()
  await rig.run(ms)
  rig.program.freeze()
  return performance.now() - start
}

/**
 * Takes a snapshot of each frozen program. A frozen program serves no metrics, so without /proc its CPU stays unknown.
 */
async function look (rigs: Sides<Rig>): Promise<Sides<Snapshot>> {
  await pause(QUIET_MS)
  const [before, after] = await Promise.all(SIDES.map(async side => {
    const { load, program } = rigs[side]
    return { load: await load.counts(), cpu: program.cpu() ?? { totalMicros: NaN, mainMicros: NaN } }
  }))
  return { before, after }
}
