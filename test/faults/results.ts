import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What came of a scenario. */
export interface Result {
  group: string
  name: string
  seed: number
  /** Different records that were sent, and those of them that the store has, in quarantine or not. */
  sent: number
  stored: number
  missing: number
  /** Records that the store has once more than it should. */
  doubled: number
  /** Entries pushed again and stored once, by the store's rule for equal entries. */
  repeated: number
  /** From the end of the fault to the next settled message; undefined where the fault had no end of its own. */
  recoverySeconds?: number
  seconds: number
}

/** Where each scenario leaves its result: one file each, so that scenarios of several processes do not meet. */
const FRESH = join('build', 'faults')
/** The last run's that was kept (`npm run faults:save`): what the README's table is made of. */
export const KEPT = join('test', 'faults', 'results.json')

export function leaveResult (result: Result): void {
  mkdirSync(FRESH, { recursive: true })
  writeFileSync(join(FRESH, `${result.group}-${result.name.replace(/\W+/g, '-')}.json`), JSON.stringify(result))
}

/** Of the run so far, in no order. */
export function freshResults (): Result[] {
  return readdirSync(FRESH).map(file => JSON.parse(readFileSync(join(FRESH, file), 'utf8')) as Result)
}

export function forgetFresh (): void {
  rmSync(FRESH, { recursive: true, force: true })
}

export function keptResults (): Result[] {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Result[]
}
