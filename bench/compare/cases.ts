import { type Rig, startRig } from '../harness/rig.ts'
import type { Case, Side, Sides } from './pairs.ts'
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
  measure: async (programs, order) => await fullLoad(programs, order, recordsPerMessage)
}))

/** Each program runs between its own load and its own sink. */
async function fullLoad (programs: Sides<string>, order: readonly Side[], recordsPerMessage: number): ReturnType<Case['measure']> {
  const rigs: Partial<Record<Side, Rig>> = {}
  try {
    for (const side of order) {
      rigs[side] = await startRig({ recordsPerMessage, hosts: HOSTS, env: SETTINGS, program: { main: programs[side] } })
    }
    const both = rigs as Sides<Rig>
    for (const side of order) await both[side].load.start()
    await Promise.all(order.map(async side => await both[side].warmUp(WARM_UP_MS)))
    const readings = await takeTurns(both)
    for (const side of order) await check(both[side], programs[side])
    return readings
  } finally {
    for (const rig of Object.values(rigs)) {
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
