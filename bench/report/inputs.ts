import type { BenchResult, InputResult } from '../outcome/results.ts'
import { figure, percent, short, table, withSpread } from './numbers.ts'
import { plural } from './select.ts'
import type { Target } from './target.ts'

type Which = Partial<Pick<InputResult, 'way' | 'receiver' | 'connections' | 'offered' | 'recordsPerMessage'>>

/** The connections and the rate of the small cloud, that most targets mean. */
const MANY = 100
const ORDINARY = 2_500

function inputAt ({ inputs = [] }: BenchResult, which: Which): InputResult | undefined {
  const wanted = Object.entries({ receiver: 'lokean', connections: MANY, offered: null, ...which }) as Array<[keyof InputResult, unknown]>
  return inputs.find(one => wanted.every(([key, value]) => one[key] === value))
}

/** What Lokean needs, divided by what rsyslog does in the same run. */
function againstRsyslog (result: BenchResult, which: Which, key: 'usPerRecord' | 'cores'): number | undefined {
  const [own, other] = [inputAt(result, which), inputAt(result, { ...which, receiver: 'rsyslog' })]
  return own === undefined || other === undefined ? undefined : own[key] / other[key]
}

/** Lists the targets of the ways in. rsyslog only writes lines; Lokean parses, compresses and pushes in that time. */
export function inputTargets (result: BenchResult): Target[] {
  return [
    {
      figure: 'RELP flat out, 100 connections: CPU a record, against rsyslog',
      must: 1,
      aim: 0.5,
      measured: againstRsyslog(result, { way: 'relp' }, 'usPerRecord'),
      unit: '',
      steady: true,
      optional: true
    },
    {
      figure: 'RELP, 2,500 records/s from 100 connections: cores, against rsyslog',
      must: 1,
      aim: 0.5,
      measured: againstRsyslog(result, { way: 'relp', offered: ORDINARY }, 'cores'),
      unit: '',
      steady: true,
      optional: true
    },
    {
      figure: 'syslog over TLS flat out, 100 connections: CPU a record, against rsyslog',
      must: 1.5,
      aim: 1,
      measured: againstRsyslog(result, { way: 'syslog+tls' }, 'usPerRecord'),
      unit: '',
      steady: true,
      optional: true
    },
    {
      figure: 'RELP, a lone sender with a window of 128: records/s',
      must: 1_000,
      measured: inputAt(result, { way: 'relp', connections: 1 })?.recordsPerSecond,
      unit: '',
      more: true
    }
  ]
}

/** Makes the page's text and table of the ways in. It is empty where none was measured. */
export function inputsTable ({ inputs = [] }: BenchResult): string {
  if (inputs.length === 0) return ''
  const head = ['by', 'to', 'connections', 'records a message', 'offered', 'records/s', 'µs a record', 'cores', 'missing', 'doubled']
  return [
    'The same senders and records for both receivers, in a network namespace with an MTU of 1,500: by RELP the JSON template with a window of 128, by syslog RFC 5424. ' +
      'rsyslog writes a line to a file; Lokean parses, compresses and pushes. The bus is the bench\'s own, on one connection.\n',
    table(head, inputs.map(one => [
      one.way, one.receiver, String(one.connections), String(one.recordsPerMessage),
      one.offered === null ? 'flat out' : `${one.offered.toLocaleString('en')}/s`, withSpread(one.spread.recordsPerSecond),
      withSpread(one.spread.usPerRecord), withSpread(one.spread.cores), String(one.missing), String(one.doubled)
    ]), 2)
  ].join('\n')
}

/** Formats for a terminal, a line for each. */
export function inputLines ({ inputs = [] }: BenchResult): string[] {
  return inputs.map(one => `inputs    ${one.way} to ${one.receiver}, ${plural(one.connections, 'connection')}, ${one.recordsPerMessage} a message, ` +
    `${one.offered === null ? 'flat out' : `${short(one.offered)}/s`}: ${short(one.recordsPerSecond)} records/s, ${figure(one.usPerRecord)} µs, ` +
    `${percent(one.cores)} of a core, ${one.missing} missing, ${one.doubled} doubled`)
}
