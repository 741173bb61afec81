import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostMachine } from '../../bench/outcome/results.ts'

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

/** A run of all scenarios, in the order in which they are registered. */
export interface Run {
  /** ISO 8601. */
  at: string
  machine: HostMachine
  results: Result[]
}

/** Where each scenario leaves its result: one file each, so that scenarios of several processes do not meet. `npm run test:faults` empties it first. */
const FRESH = join('build', 'faults')
/** The last run's that was kept (`npm run faults:save`): what the README's table is made of. */
const KEPT = join('test', 'faults', 'results.json')

export function leaveResult (result: Result): void {
  mkdirSync(FRESH, { recursive: true })
  writeFileSync(join(FRESH, `${result.group}-${result.name.replace(/\W+/g, '-')}.json`), JSON.stringify(result))
}

/** Of the run so far, in no order. */
export function freshResults (): Result[] {
  if (!existsSync(FRESH)) return []
  return readdirSync(FRESH).map(file => JSON.parse(readFileSync(join(FRESH, file), 'utf8')) as Result)
}

export function keepRun (run: Run): void {
  writeFileSync(KEPT, `${JSON.stringify(run, undefined, 2)}\n`)
}

export function keptRun (): Run {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Run
}
