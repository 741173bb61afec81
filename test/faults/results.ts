import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostMachine } from '../../bench/outcome/machine.ts'

/** How disk queues were sent beside new records. */
export interface CaughtUp {
  /** How long it would take the machines to log what was in the queues. */
  outageSeconds: number
  seconds: number
  /** How much later new records were settled than they would have been by themselves, in seconds. */
  mostLag: number
  /** Those that the store had then, backlog streams included. */
  streams: number
}

/** The outcome of a scenario. */
export interface Result {
  group: string
  name: string
  seed: number
  /** Different records that were sent, and how many of them the store has, in quarantine or not. */
  sent: number
  stored: number
  missing: number
  /** Extra copies of records in the store. */
  storedTwice: number
  /** Records that were pushed or sent again: the bound of `storedTwice`. */
  resent: number
  /** From the end of the fault to the next settled message; undefined where the fault has no definite end. */
  recoverySeconds?: number
  caughtUp?: CaughtUp
  seconds: number
}

/** A run of all scenarios, in the order in which they are registered. */
export interface Run {
  /** ISO 8601. */
  at: string
  machine: HostMachine
  results: Result[]
}

/**
 * The folder of the results, one file for each scenario, so that processes do not disturb each other.
 * `npm run test:faults` empties it first.
 */
const PRESENT = join('build', 'faults')
/** The kept results of the last run (`npm run faults:save`), which fill the table of `test/README.md`. */
const KEPT = join('test', 'faults', 'results.json')

export function leaveResult (result: Result): void {
  mkdirSync(PRESENT, { recursive: true })
  writeFileSync(join(PRESENT, `${result.group}-${result.name.replace(/\W+/g, '-')}.json`), JSON.stringify(result))
}

/** Returns the results of the present run, in no order. */
export function presentResults (): Result[] {
  if (!existsSync(PRESENT)) return []
  return readdirSync(PRESENT).map(file => JSON.parse(readFileSync(join(PRESENT, file), 'utf8')) as Result)
}

export function keepRun (run: Run): void {
  writeFileSync(KEPT, `${JSON.stringify(run, undefined, 2)}\n`)
}

export function keptRun (): Run {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as Run
}
