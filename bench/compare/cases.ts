import { type Rig, startRig } from '../harness/rig.ts'
import type { Case, Sides } from './pairs.ts'
import { takeTurns } from './turns.ts'

/** The smallest messages show the cost of a delivery, the usual ones the cost of a record. */
const RECORDS_PER_MESSAGE = [1, 100]
const HOSTS = 100
/** With one worker, even a small machine has a core for it and one for the main thread. */
const SETTINGS = { LOKEAN_WORKERS: '1', LOKEAN_SHARDS: '4' }
/** The least that V8 needs to compile. */
const WARM_UP_MS = 3000

export const CASES: readonly Case[] = RECORDS_PER_MESSAGE.map(recordsPerMessage => ({
  name: `full load, ${recordsPerMessage} a message`,
  measure: async programs => await fullLoad(programs, recordsPerMessage)
}))

/** Each program runs between its own load and its own sink. */
async function fullLoad (programs: Sides<string>, recordsPerMessage: number): ReturnType<Case['measure']> {
  const rigs: Rig[] = []
  const start = async (main: string): Promise<Rig> => {
    const rig = await startRig({ recordsPerMessage, hosts: HOSTS, env: SETTINGS, program: { main } })
    rigs.push(rig)
    return rig
  }
  try {
    const sides = { before: await start(programs.before), after: await start(programs.after) }
    await Promise.all(rigs.map(async rig => await rig.load.start()))
    await Promise.all(rigs.map(async rig => await rig.warmUp(WARM_UP_MS)))
    const readings = await takeTurns(sides)
    await check(sides.before, programs.before)
    await check(sides.after, programs.after)
    return readings
  } finally {
    for (const rig of rigs) {
      rig.program.thaw()
      await rig.close()
    }
  }
}

/** A program that loses records is cheap for the wrong reason. */
async function check (rig: Rig, main: string): Promise<void> {
  const { sent } = await rig.load.stop()
  const { missing, doubled, other } = await rig.reconcile(sent)
  if (missing + doubled + other > 0) throw new Error(`of ${sent} records sent to ${main} ${missing} are missing and ${doubled} doubled, and ${other} entries are others`)
}
