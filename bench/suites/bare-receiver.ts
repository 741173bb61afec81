import { fileURLToPath } from 'node:url'
import { beside } from '../harness/child.ts'
import { coresBetween, startRig } from '../harness/rig.ts'

/** The path of the receiver that is run as a program. */
export const RECEIVER = fileURLToPath(beside('../harness/program/receiver.process', import.meta.url))

export interface ReceiverTimes { warmUpMs: number, settleMs: number, windowMs: number }

/**
 * Measures the cores of a receiver that only settles, by the rate of the records. The load offers the same messages as
 * to the program, but does not wait for their settlement: it would else never reach the rate where the receiver gathers
 * by its timer alone.
 */
export async function bareReceiver (
  recordsPerMessage: number, lingerMs: number, rates: readonly number[], { warmUpMs, settleMs, windowMs }: ReceiverTimes
): Promise<Map<number, number>> {
  const rig = await startRig({ recordsPerMessage, env: { LOKEAN_LINGER: `${lingerMs}ms` }, program: { main: RECEIVER } })
  try {
    const cores = new Map<number, number>()
    await rig.load.start({ rate: Math.max(...rates) })
    await rig.run(warmUpMs)
    await rig.load.stop()
    for (const rate of rates) {
      await rig.load.start({ rate })
      await rig.run(settleMs)
      const before = await rig.snapshot()
      await rig.run(windowMs)
      cores.set(rate, coresBetween(before, await rig.snapshot()))
      await rig.load.stop()
    }
    return cores
  } finally {
    await rig.close()
  }
}
