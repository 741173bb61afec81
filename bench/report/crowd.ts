import type { BenchResult, StormResult } from '../outcome/results.ts'
import { figure, short, table, withSpread } from './numbers.ts'
import type { Target } from './target.ts'

/** The connections of the storm that has targets. */
const STORM = 2_000

const STORM_HEAD = [
  'senders', 'all answered after s', 'slowest answer ms', 'KiB a connection', 'the kernel\'s KiB', 'the program at its most, MB', 'missing',
  'doubled'
]
const NOISY_HEAD = ['quiet senders', 'p99 ms', 'p99 ms beside the loud one', 'ratio', 'the loud one\'s records/s', 'missing', 'doubled']

/** Lists the targets of many senders at a time. What a busy machine changes has a wide `must`. */
export function crowdTargets ({ storms = [], noisy = [] }: BenchResult): Target[] {
  const storm = storms.find(({ connections }) => connections === STORM)
  const name = `${STORM.toLocaleString('en')} senders over TLS come back at once`
  return [
    { figure: `${name}: until all are answered`, must: 30, aim: 10, measured: storm?.seconds, unit: 's', steady: true, optional: true },
    {
      figure: `${name}: slowest answer of those inside`,
      must: 5_000,
      aim: 1_000,
      measured: storm?.slowestMs,
      unit: 'ms',
      steady: true,
      optional: true
    },
    {
      figure: 'memory a connection over TLS',
      must: 128,
      aim: 64,
      measured: storm?.kibPerConnection ?? undefined,
      unit: 'KiB',
      steady: true,
      optional: true
    },
    { figure: '100 quiet senders: p99 beside one at full rate, against alone', must: 2, aim: 1.2, measured: noisy[0]?.ratio, unit: '' }
  ]
}

/** Makes the page's text and tables of many senders. It is empty where none was measured. */
export function crowdTable ({ storms = [], noisy = [] }: BenchResult): string {
  const known = (value: number | null): string => value === null ? '' : figure(value)
  const blocks = [
    storms.length === 0
      ? ''
      : 'All senders are connected by RELP over TLS (ECDSA, P-256) when Lokean is stopped and started; each comes back as soon as it listens. Together they log 2,500 records/s. ' +
        'The slowest answer is that of a record whose sender was inside. A connection at rest takes so many KiB of the program, and the kernel, at its most, so many at both ends together.\n\n' +
        table(STORM_HEAD, storms.map(one => [
          one.connections.toLocaleString('en'), figure(one.seconds), figure(one.slowestMs), known(one.kibPerConnection),
          known(one.kernelKibPerConnection), known(one.peakMb), String(one.missing), String(one.doubled)
        ]), 0),
    noisy.length === 0
      ? ''
      : 'Quiet senders have 25 records/s each, by RELP; beside them one sends as fast as it is answered.\n\n' +
        table(NOISY_HEAD, noisy.map(one => [
          String(one.quiet), withSpread(one.spread.aloneP99Ms), withSpread(one.spread.besideP99Ms), withSpread(one.spread.ratio),
          withSpread(one.spread.recordsPerSecond), String(one.missing), String(one.doubled)
        ]), 0)
  ]
  return blocks.filter(block => block !== '').join('\n')
}

/** Formats for a terminal, a line for each. */
export function crowdLines ({ storms = [], noisy = [] }: BenchResult): string[] {
  return [
    ...storms.map(one => `crowd     ${one.connections.toLocaleString('en')} senders over TLS come back: all answered after ${figure(one.seconds)} s, the slowest answer ${figure(one.slowestMs)} ms, ` +
      `${memory(one)}${one.missing} missing, ${one.doubled} doubled`),
    ...noisy.map(one => `crowd     ${one.quiet} quiet senders: p99 ${figure(one.aloneP99Ms)} ms, beside one with ${short(one.recordsPerSecond)} records/s ${figure(one.besideP99Ms)} ms (${figure(one.ratio)}), ` +
      `${one.missing} missing, ${one.doubled} doubled`)
  ]
}

function memory ({ kibPerConnection, peakMb }: StormResult): string {
  return kibPerConnection === null || peakMb === null ? '' : `${figure(kibPerConnection)} KiB a connection, ${figure(peakMb)} MB at the peak, `
}
