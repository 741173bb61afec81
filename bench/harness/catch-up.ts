import type { Rig } from './rig.ts'

const STEP_MS = 100

/**
 * Waits until the program has worked off the backlog of its cold start: until no more waits than comes in a tenth of a
 * second. A rate that is too high ends the wait after `mostMs`.
 */
export async function catchUp (rig: Rig, rate: number, mostMs: number): Promise<void> {
  for (let waited = 0; waited < mostMs; waited += STEP_MS) {
    const { sent, settled, behind } = await rig.load.counts()
    if (behind + sent - settled <= rate / 10) return
    await rig.run(STEP_MS)
  }
}
