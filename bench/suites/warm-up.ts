import type { Rig } from '../harness/rig.ts'

/** So many records have met nearly all of the streams that 100 machines have. */
export const RECORDS_OF_ALL_STREAMS = 100_000

const STEP_MS = 100

export interface WarmUp {
  /** V8 compiles meanwhile. */
  leastMs: number
  /** The program is slow as long as it meets new streams: each is the last of its push. */
  records: number
  /** Long enough for a slow machine; what is measured after it shows how slow. */
  mostMs: number
}

/** Lets the load, which has been started, run until the program is warm. */
export async function warmUp (rig: Rig, { leastMs, records, mostMs }: WarmUp): Promise<void> {
  await rig.run(leastMs)
  for (let waited = leastMs; waited < mostMs && (await rig.load.counts()).settled < records; waited += STEP_MS) await rig.run(STEP_MS)
}

/** Waits until what gathered while the program was cold is through: within a tenth of a second of the rate, or, where the rate is too high, never. */
export async function catchUp (rig: Rig, rate: number, mostMs: number): Promise<void> {
  for (let waited = 0; waited < mostMs; waited += STEP_MS) {
    const { sent, settled, behind } = await rig.load.counts()
    if (behind + sent - settled <= rate / 10) return
    await rig.run(STEP_MS)
  }
}
