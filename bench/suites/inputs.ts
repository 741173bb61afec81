import { beside, Child } from '../harness/child.ts'
import { networkNamespace } from '../harness/inputs/namespace.ts'
import type { InputResult, SuiteOptions } from '../outcome/results.ts'
import { type Spread, spreadOf } from '../outcome/spread.ts'
import { type InputCase, inputCases } from './inputs-cases.ts'
import type { InputMeasured } from './inputs-measure.ts'
import type { InputsMethods } from './inputs.process.ts'

const FULL = { repeats: 3, warmUpMs: 3000, windowMs: 4000 }
const QUICK = { repeats: 1, warmUpMs: 1500, windowMs: 1500 }
/** At an ordinary rate, so many times longer until all streams have come: each new one is a push of its own. */
const SLOWER = 4

export interface InputsMeasured {
  inputs: InputResult[]
  /** What could not be measured here, and why. */
  notes: string[]
}

/**
 * Measures what a record costs by each way in, flat out and at an ordinary rate, with rsyslog beside Lokean as a
 * receiver that only writes a file. All run in a network of their own, where the loopback's MTU is that of an Ethernet.
 */
export async function inputs ({ quick, progress }: SuiteOptions): Promise<InputsMeasured> {
  const namespace = networkNamespace()
  if (namespace === undefined) return { inputs: [], notes: ['inputs: no rights to make a network namespace'] }
  const child = new Child<InputsMethods>('inputs', beside('inputs.process', import.meta.url), process.env, namespace)
  try {
    const lacks = await child.call('lacks')
    const cases = inputCases(quick).filter(({ way, receiver }) =>
      (receiver === 'lokean' || lacks.rsyslog === '') && (way !== 'syslog+tls' || lacks.tls === ''))
    const { repeats, ...times } = quick ? QUICK : FULL
    const measured = cases.map((): InputMeasured[] => [])
    // In turns, because a shared machine changes its speed.
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (const [index, one] of cases.entries()) {
        progress(`inputs ${index + 1} of ${cases.length}: ${describe(one)}, repeat ${repeat} of ${repeats}`)
        const warmUpMs = one.offered === null ? times.warmUpMs : SLOWER * times.warmUpMs
        measured[index].push(await child.call('measure', one, { ...times, warmUpMs }))
      }
    }
    return {
      inputs: cases.map((one, index) => summarise(one, measured[index])),
      notes: [['rsyslog beside Lokean', lacks.rsyslog], ['syslog over TLS', lacks.tls]]
        .flatMap(([what, lack]) => lack === '' ? [] : [`inputs: ${what}, without ${lack}`])
    }
  } finally {
    await child.close()
  }
}

function describe ({ way, receiver, connections, recordsPerMessage, offered }: InputCase): string {
  return `${way} to ${receiver}, ${connections} connections, ${recordsPerMessage} a message, ${offered === null ? 'flat out' : `${offered} records/s`}`
}

function summarise (one: InputCase, repeats: readonly InputMeasured[]): InputResult {
  const spread = (key: 'recordsPerSecond' | 'usPerRecord' | 'cores'): Spread => spreadOf(repeats.map(repeat => repeat[key]))
  const sum = (key: 'missing' | 'doubled'): number => repeats.reduce((total, repeat) => total + repeat[key], 0)
  const spreads = { recordsPerSecond: spread('recordsPerSecond'), usPerRecord: spread('usPerRecord'), cores: spread('cores') }
  return {
    ...one,
    recordsPerSecond: spreads.recordsPerSecond.median,
    usPerRecord: spreads.usPerRecord.median,
    cores: spreads.cores.median,
    spread: spreads,
    missing: sum('missing'),
    doubled: sum('doubled')
  }
}
