import type { Program } from '../helpers/program.ts'

const RESENT = 'lokean_records_resent_total'
const REDELIVERED = 'lokean_records_redelivered_total'

/** Counts the records that programs had to push again, and those that came to them again, as far as they know of it. */
export class Resent {
  pushedAgain = 0
  cameAgain = 0

  /** Reads a program's metrics. To be called once, when nothing is to be pushed again by it any more. */
  async read (program: Program): Promise<void> {
    const { body } = await program.ask('/metrics')
    this.pushedAgain += sum(body, RESENT)
    this.cameAgain += sum(body, REDELIVERED)
  }
}

/** The sum of a metric's series. */
function sum (metrics: string, name: string): number {
  return [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce((total, [, value]) => total + Number(value), 0)
}
