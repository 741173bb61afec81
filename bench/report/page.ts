import { renewedText } from '../outcome/renew.ts'
import type { HostMachine } from '../outcome/machine.ts'
import type { BenchResult } from '../outcome/results.ts'
import { charts } from './charts.ts'
import { crowdTable } from './crowd.ts'
import { inputsTable } from './inputs.ts'
import { microTable } from './micro.ts'
import { figure, percent, table, withSpread } from './numbers.ts'
import { ordinaryDays, startText } from './ordinary.ts'
import { targetsTable } from './targets.ts'

/** Writes `bench/results/README.md`, which shows a run's results. The charts lie beside it. */
export function resultPage (result: BenchResult): string {
  const drawn = new Set(charts(result).map(([name]) => name))
  const picture = (name: string, alternative: string): string => drawn.has(name) ? `![${alternative}](${name})\n` : ''
  const sections: Array<readonly [title: string, ...blocks: string[]]> = [
    ['Targets', 'At 100 records a message, one worker and four shards unless said otherwise.\n', targetsTable(result)],
    ['Pipeline', picture('cpu.svg', 'CPU per record by records a message, main thread and workers, beside the floor'), picture('workers.svg', 'records a second by worker threads'), floorText(result), pipelineTable(result)],
    ['Latency', picture('latency.svg', 'latency percentiles by load'), latencyTable(result)],
    ['Stall', picture('stall.svg', 'rate and memory over the stall'), stallText(result)],
    ['Waiting senders', picture('hosts.svg', 'total rate by senders'), hostsTable(result)],
    ['Ordinary days', picture('everyday.svg', 'cores by rate, with and without linger, beside a bare receiver'), ordinaryDays(result)],
    ['Ways in', inputsTable(result)],
    ['Many senders', crowdTable(result)],
    ['A start', startText(result)],
    ['Idle', idleText(result)],
    ['The store', picture('loki.svg', 'what the store takes by connections, beside what Lokean reached'), lokiTable(result)],
    ['Single steps', microText(result)]
  ]
  return [
    '# What this Lokean does on this machine',
    '',
    'Written by `npm run bench`; do not edit. Machines differ and are shared: the ratios are what counts, absolute figures say something only beside others of the same run.',
    'In brackets: the least and the most of the repeats, the median before them.',
    '',
    machineTable(result),
    ...sections.flatMap(([title, ...blocks]) => blocks.every(block => block === '')
      ? []
      : [`## ${title}`, '', ...blocks.filter(block => block !== '')])
  ].join('\n')
}

/** Describes the machine in one line: CPU, cores, memory, Node, Lokean. */
export function machineLine ({ cpu, cores, memoryMb, os, node, lokean }: HostMachine): string {
  return `${cpu}, ${cores} cores, ${figure(memoryMb / 1024)} GB, ${os}, Node ${node.replace(/^v/, '')}, Lokean ${lokean}`
}

function machineTable (result: BenchResult): string {
  const { at, quick, machine } = result
  const renewed = renewedText(result)
  const played = (target: string): string => target === 'bench' ? 'the bench\'s own' : target
  return table(['', ''], [
    ['when', `${at}${quick ? ', a quick run' : ''}`],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${figure(machine.memoryMb / 1024)} GB, ${machine.os}`],
    ['Node', machine.node],
    ['Lokean', machine.lokean],
    ['bus, store', `${played(machine.target.bus)}, ${played(machine.target.loki)}`],
    ...(renewed === '' ? [] : [['anew', renewed]]),
    ...(result.notes ?? []).map(note => ['not measured', note])
  ], 2)
}

function floorText ({ floor }: BenchResult): string {
  return floor === undefined
    ? ''
    : `The floor, ${withSpread(floor.spread)} µs a record of ${figure(floor.recordBytes)} bytes, is the plain way: ${floor.what}. With only the lines compressed: ${figure(floor.linesOnlyUsPerRecord)} µs.\n`
}

function pipelineTable ({ pipeline = [] }: BenchResult): string {
  const known = (value: number | null, show = figure): string => value === null ? '' : show(value)
  const head = [
    'records a message', 'workers', 'shards', 'records/s', 'µs a record', 'main', 'workers\'', 'ratio', 'bytes a record', 'bytes ratio',
    'records a push', 'RSS MB', 'loop delay p99 ms', 'sent', 'missing', 'doubled'
  ]
  return pipeline.length === 0
    ? ''
    : table(head, pipeline.map(one => [
      String(one.recordsPerMessage), String(one.workers), String(one.shards), withSpread(one.spread.recordsPerSecond),
      withSpread(one.spread.usPerRecord),
      known(one.mainUsPerRecord), known(one.workerUsPerRecord), withSpread(one.spread.ratio), known(one.bytesPerRecord),
      known(one.bytesRatio), known(one.recordsPerPush),
      figure(one.rssMb), known(one.eventLoopDelayMs?.p99 ?? null), one.sent.toLocaleString('en'), String(one.missing), String(one.doubled)
    ]), 0)
}

function latencyTable ({ latency = [] }: BenchResult): string {
  return latency.length === 0
    ? ''
    : table(['records a message', 'sink ms', 'load', 'records/s', 'p50 ms', 'p99 ms', 'p99.9 ms'], latency.map(one => [
      String(one.recordsPerMessage), String(one.sinkMs), percent(one.load), figure(one.recordsPerSecond), withSpread(one.spread.p50),
      withSpread(one.spread.p99), withSpread(one.spread.p999)
    ]), 0)
}

function stallText ({ stall }: BenchResult): string {
  return stall === undefined
    ? ''
    : table(['sink silent', 'records/s before', 'peak RSS', '90 % of that rate again after', 'missing', 'doubled'], [[
      `${figure(stall.seconds)} s`, figure(stall.recordsPerSecond), `${figure(stall.peakRssMb)} MB`, `${figure(stall.regainedSeconds)} s`,
      String(stall.missing), String(stall.doubled)
    ]], 0)
}

function hostsTable ({ hosts = [] }: BenchResult): string {
  return hosts.length === 0
    ? ''
    : table(['records a message', 'senders', 'records/s', 'wait p50 ms', 'wait p99 ms'], hosts.map(one => [
      String(one.recordsPerMessage), String(one.senders), withSpread(one.spread.recordsPerSecond), withSpread(one.spread.p50),
      withSpread(one.spread.p99)
    ]), 0)
}

function idleText ({ idle }: BenchResult): string {
  return idle === undefined ? '' : `Connected and attached, with nothing to do: ${figure(idle.cpuPercent)} % of one core.\n`
}

function lokiTable ({ loki }: BenchResult): string {
  if (loki === undefined) return ''
  const rows = loki.ceiling.map(one => [
    String(one.connections), withSpread(one.spread), figure(one.p50), figure(one.p99), String(one.refused)
  ])
  return [
    table(['connections', 'records/s', 'p50 ms', 'p99 ms', 'refused'], rows, 0),
    `Lokean reached ${withSpread(loki.reached.spread)} records/s against the same store (${loki.url}), which shared the machine with Lokean and what feeds it unless it is elsewhere. ${scaleHint(loki)}\n`
  ].join('\n')
}

/** Says whether an operator has to scale Lokean or Loki. */
function scaleHint ({ ceiling, reached }: NonNullable<BenchResult['loki']>): string {
  const most = Math.max(...ceiling.map(one => one.recordsPerSecond))
  const share = reached.recordsPerSecond / most
  return share >= 0.8
    ? `That is ${percent(share)} of what the store takes: for more, scale the store.`
    : `The store takes more (this is ${percent(share)}): for more, give Lokean more workers or run more of it.`
}

function microText ({ micro }: BenchResult): string {
  const rows = microTable(micro)
  return rows === ''
    ? ''
    : `What the program does (in bold) beside other ways to do it, that come to the same. CPU of all threads; the times are the median of pairs timed one after the other.\n\n${rows}`
}
