import { machineLine } from '../report/page.ts'
import { figure, percent, table, withSpread } from '../report/numbers.ts'
import type { Spread } from '../outcome/spread.ts'
import { CHART, type EventResult, type InstancesResult, lostOrDoubled, type ScaleResult } from './results.ts'

/** The folder of the chart, relative to `bench/README.md`. */
const FOLDER = 'results'

/** Writes the section of `bench/README.md` on several instances: one table for each question, and the chart. */
export function instancesSection (result: InstancesResult): string {
  const { at, quick, machine, recordsPerMessage, sinkMs, scale, events } = result
  const sent = [...scale, ...events].reduce((sum, one) => sum + one.sent, 0)
  const wrong = lostOrDoubled(result)
  const of = (target: string, what: string): string => target === 'bench' ? what : target
  return [
    `Run on ${at.slice(0, 10)}${quick ? ', a quick run' : ''}: ${machineLine(machine)}. ${recordsPerMessage} records a message; ${of(machine.target.bus, 'the embedded bus')}, its senders and ${of(machine.target.loki, `a store that answers after ${sinkMs} ms`)} on the same machine.`,
    `Of ${sent.toLocaleString('en')} records sent, ${wrong === 0 ? 'none was missing or doubled' : `**${wrong} were missing or doubled**`}.`,
    '',
    scaleTable(result),
    `![CPU per record and rate by instances](${FOLDER}/${CHART})\n`,
    'One instance, by how much of its most it has to do:\n',
    curveTable(result),
    'One instance more or less, under load:\n',
    eventTable(events)
  ].join('\n')
}

function scaleTable ({ scale, steadyRate }: InstancesResult): string {
  const loadOf = ({ load }: ScaleResult): string => load === 'steady' ? `${figure(steadyRate)} records/s` : 'as fast as it goes'
  const head = [
    'load', 'instances', 'records/s', 'of one\'s', 'µs CPU a record', 'of one\'s', 'shares, of an even one', 'memory of all', 'p99 ms',
    'pushes/s', 'records a push', 'records a stream in it', 'bytes a record'
  ]
  return table(head, scale.map(one => [
    loadOf(one), String(one.instances), withSpread(one.recordsPerSecond), times(one.rateRatio), withSpread(one.usPerRecord),
    times(one.usRatio),
    `${figure(one.leastShare.median)} to ${figure(one.mostShare.median)}`, `${figure(one.rssMb)} MB`, withSpread(one.latencyMs.p99),
    figure(one.pushesPerSecond), figure(one.recordsPerPush), one.recordsPerStream === null ? '' : figure(one.recordsPerStream),
    figure(one.bytesPerRecord)
  ]))
}

function curveTable ({ curve }: InstancesResult): string {
  return table([
    'load, of its most', 'store answers after', 'records/s', 'cores', 'µs CPU a record', 'main thread busy', 'workers busy', 'p50 ms',
    'p99 ms', 'pushes/s'
  ], curve.map(one => [
    percent(one.load), `${one.sinkMs} ms`, figure(one.recordsPerSecond), figure(one.cores), figure(one.usPerRecord),
    one.mainBusy === null ? '' : percent(one.mainBusy),
    percent(one.workersBusy), figure(one.p50), figure(one.p99), figure(one.pushesPerSecond)
  ]))
}

function eventTable (events: readonly EventResult[]): string {
  const names = { join: 'joins', leave: 'leaves (SIGTERM)', die: 'dies (SIGKILL)' }
  const known = (value: Spread | null): string => value === null ? '–' : `${withSpread(value)} s`
  return table([
    'one of them', 'load', 'attached after', 'has its share after', 'ended after', 'longest gap ms', 'before it', 'messages given back',
    'records pushed twice', 'stored twice', 'missing', 'doubled'
  ], events.map(one => [
    `${one.instances} instances, one ${one.event === 'join' ? 'more ' : ''}${names[one.event]}`, one.load === 'steady' ? 'steady' : 'full', known(one.attachedSeconds), known(one.shareSeconds), known(one.endSeconds),
    withSpread(one.longestGapMs), withSpread(one.usualGapMs), withSpread(one.returned), withSpread(one.repeated),
    one.storedTwice === undefined ? '–' : withSpread(one.storedTwice), String(one.missing), String(one.doubled)
  ]), 2)
}

function times (ratio: Spread): string {
  return ratio.min === 1 && ratio.max === 1 ? '1' : figure(ratio.median)
}
