import type { Rig } from './rig.ts'

const STEP_MS = 100

/** Waits until what gathered while the program was cold is through: within a tenth of a second of the rate, or, where the rate is too high, never. */
export async function catchUp (rig: Rig, rate: number, mostMs: number): Promise<void> {
  for (let waited = 0; waited < mostMs; waited += STEP_MS) {
    const { sent, settled, behind } = await rig.load.counts()
    if (behind + sent - settled <= rate / 10) return
    await rig.run(STEP_MS)
  }
}
