import type { BenchResult, EverydayResult } from '../outcome/results.ts'
import { figure, short, table } from './numbers.ts'
import { everydayAt, records } from './select.ts'

const WAIT = 'Each host sends a message and waits until it is accepted, and what it logs meanwhile waits there; the linger is LOKEAN_LINGER. A bare receiver only settles what comes, and gathers that for as long. ' +
  'The lag is from the moment that a message was due on its host: where a host has more messages of a fixed size than it can send one by one, it grows; rsyslog would send fewer and larger ones.\n'

/** Makes the page's text and table of ordinary days. It is empty where none was measured. */
export function ordinaryDays ({ everyday = [] }: BenchResult): string {
  if (everyday.length === 0) return ''
  const known = (value: number | null): string => value === null ? '' : figure(value)
  const head = [
    'records/s', 'hosts', 'records a message', 'linger ms', 'sink ms', 'stored/s', 'cores', 'a bare receiver\'s', 'µs a record', 'pushes/s',
    'records a push', 'p50 ms', 'p99 ms', 'lag p99 ms', 'the store\'s cores'
  ]
  return [WAIT, table(head, everyday.map(one => [
    one.recordsPerSecond.toLocaleString('en'), one.hosts.toLocaleString('en'), String(one.recordsPerMessage), String(one.lingerMs),
    String(one.sinkMs), figure(one.settledPerSecond), figure(one.cores), figure(one.receiverCores), figure(one.usPerRecord),
    figure(one.pushesPerSecond), figure(one.recordsPerPush), figure(one.p50Ms), figure(one.p99Ms), known(one.lagP99Ms),
    known(one.storeCores)
  ]), 0)].join('\n')
}

/** Says for the page what a start took. */
export function startText ({ start = [] }: BenchResult): string {
  return start.map(one => `${one.streams.toLocaleString('en')} streams that neither the program nor the embedded Loki knew, at ${figure(one.recordsPerSecond)} records/s: ` +
    `the first record of each was stored after ${figure(one.seconds)} s, with ${one.pushes.toLocaleString('en')} pushes until then.\n`).join('')
}

/** Says in a sentence what the small cloud costs on an ordinary day, with the linger and without. */
export function ordinarySentence (result: BenchResult): string {
  const [small, plain] = [everydayAt(result), everydayAt(result, { lingerMs: 0 })]
  if (small === undefined) return ''
  const without = plain === undefined || plain === small
    ? ''
    : `; with \`LOKEAN_LINGER=0ms\` ${figure(plain.cores)} and ${figure(plain.pushesPerSecond)}, p99 ${figure(plain.p99Ms)} ms`
  return `An ordinary day is less: ${small.hosts} hosts with ${small.recordsPerSecond.toLocaleString('en')} records/s, ${records(small.recordsPerMessage)} a message, ` +
    `take ${figure(small.cores)} cores and ${figure(small.pushesPerSecond)} pushes/s, p99 to settlement ${figure(small.p99Ms)} ms${without}.`
}

/** Formats for a terminal: a line for each day, and one for each start. */
export function ordinaryLines ({ everyday = [], start = [] }: BenchResult): string[] {
  return [
    ...everyday.map(dayLine),
    ...start.map(one => `start     ${one.streams.toLocaleString('en')} new streams: stored after ${figure(one.seconds)} s, ${one.pushes.toLocaleString('en')} pushes`)
  ]
}

function dayLine (one: EverydayResult): string {
  const store = one.storeCores === null ? '' : `, store ${figure(one.storeCores)} cores`
  return `everyday  ${short(one.recordsPerSecond)} records/s of ${one.hosts} hosts, ${records(one.recordsPerMessage)}, linger ${one.lingerMs}, sink ${one.sinkMs} ms: ${figure(one.cores)} cores ` +
    `(bare ${figure(one.receiverCores)}), ${figure(one.usPerRecord)} µs, ${figure(one.pushesPerSecond)} pushes/s of ${figure(one.recordsPerPush)}, p50 ${figure(one.p50Ms)}, p99 ${figure(one.p99Ms)} ms${store}`
}
