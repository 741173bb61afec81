import type { BenchResult, EverydayResult, LokiResult, PipelineResult, StallResult } from '../outcome/results.ts'
import { type Bar, barChart, type Panel } from './bar-chart.ts'
import { figure, percent, short } from './numbers.ts'
import { rangeChart } from './range-chart.ts'
import { distinct, plural, records, SMALL_CLOUD, USUAL } from './select.ts'
import { CLOUD } from './sizing.ts'
import { timeChart } from './time-chart.ts'

/** The sizes of message for whose ordinary days there is room: the least, and that of the sizing. */
const DRAWN_SIZES: readonly number[] = [SMALL_CLOUD.recordsPerMessage, CLOUD.recordsPerMessage]

/** Returns file names and SVG texts of all charts that have results. */
export function charts (result: BenchResult): Array<[name: string, svg: string]> {
  const { pipeline = [], latency = [], hosts = [], everyday = [], stall, loki } = result
  const usual = pipeline.filter(({ workers, shards }) => workers === USUAL.workers && shards === USUAL.shards)
  const scaling = pipeline.filter(({ recordsPerMessage }) => recordsPerMessage === USUAL.recordsPerMessage)
  const small = everyday.filter(({ hosts, sinkMs, recordsPerMessage }) => hosts === SMALL_CLOUD.hosts && sinkMs === SMALL_CLOUD.sinkMs &&
    DRAWN_SIZES.includes(recordsPerMessage))
  return [
    ...(usual.length > 0 ? [['cpu.svg', cpu(usual, result)] as [string, string]] : []),
    ...(scaling.length > 0 ? [['workers.svg', workers(scaling)] as [string, string]] : []),
    ...(latency.length > 0 ? [['latency.svg', latencies(latency)] as [string, string]] : []),
    ...((stall?.samples?.length ?? 0) > 1 ? [['stall.svg', stalled(stall as StallResult)] as [string, string]] : []),
    ...(hosts.length > 0 ? [['hosts.svg', senders(hosts)] as [string, string]] : []),
    ...(small.length > 0 ? [['everyday.svg', days(small)] as [string, string]] : []),
    ...(loki !== undefined ? [['loki.svg', ceiling(loki)] as [string, string]] : [])
  ]
}

function cpu (list: readonly PipelineResult[], { floor }: BenchResult): string {
  const bar = (one: PipelineResult): Bar => ({
    segments: one.workerUsPerRecord === null || one.mainUsPerRecord === null
      ? [{ value: one.usPerRecord, colour: 'series0' }]
      : [{ value: one.workerUsPerRecord, colour: 'series0' }, { value: one.mainUsPerRecord, colour: 'series1' }],
    spread: one.spread.usPerRecord,
    label: figure(one.usPerRecord),
    detail: one.mainUsPerRecord === null ? undefined : `main ${figure(one.mainUsPerRecord)}`
  })
  return barChart({
    title: 'CPU per record',
    description: `Of the whole program, ${plural(USUAL.workers, 'worker')}, ${plural(USUAL.shards, 'shard')}; whiskers from the least to the most of the repeats`,
    unit: 'µs of CPU a record',
    groupsAre: 'records a message',
    series: [{ name: 'worker threads', colour: 'series0' }, { name: 'main thread', colour: 'series1' }],
    panels: [
      { groups: list.map(one => ({ lines: [String(one.recordsPerMessage), `${figure(one.ratio)} times the floor`], bars: [bar(one)] })) }
    ],
    reference: floor === undefined ? undefined : { value: floor.usPerRecord, name: `floor: ${figure(floor.usPerRecord)}` }
  })
}

function workers (list: readonly PipelineResult[]): string {
  const shards = distinct(list, one => one.shards)
  return barChart({
    title: 'Rate by worker threads',
    description: `${USUAL.recordsPerMessage} records a message, as fast as it goes; bus, program and sink share the machine`,
    unit: 'records/s',
    groupsAre: 'worker threads',
    series: shards.map((count, index) => ({ name: plural(count, 'shard'), colour: `series${index}` })),
    panels: [{
      groups: distinct(list, one => one.workers).map(count => ({
        lines: [String(count)],
        bars: list.filter(one => one.workers === count).sort((a, b) => a.shards - b.shards).map(one => ({
          segments: [{ value: one.recordsPerSecond, colour: `series${shards.indexOf(one.shards)}` }],
          spread: one.spread.recordsPerSecond,
          label: short(one.recordsPerSecond)
        }))
      }))
    }]
  })
}

function latencies (list: NonNullable<BenchResult['latency']>): string {
  const panels = distinct(list, one => one.recordsPerMessage)
    .flatMap(size => distinct(list, one => one.sinkMs).map(sinkMs => ({ size, sinkMs })))
  return rangeChart({
    title: 'Latency',
    description: 'From sending a message to having it accepted, by load; a push is answered after the time that the sink takes',
    unit: 'ms',
    placesAre: 'load, of the maximum',
    series: [{ name: 'p50', colour: 'series0' }, { name: 'p99', colour: 'series1' }, { name: 'p99.9', colour: 'series2' }],
    panels: panels.map(({ size, sinkMs }) => ({
      title: `${records(size)}, sink ${sinkMs} ms`,
      places: list.filter(one => one.recordsPerMessage === size && one.sinkMs === sinkMs).sort((a, b) => a.load - b.load)
        .map(one => ({ label: percent(one.load), values: [one.p50, one.p99, one.p999] }))
    })).filter(({ places }) => places.length > 0)
  })
}

function stalled ({ seconds, samples = [] }: StallResult): string {
  return timeChart({
    title: 'A store that stands still',
    description: `Under full load the sink answers nothing for ${figure(seconds)} s, then returns`,
    tracks: [
      {
        name: 'accepted',
        unit: 'records/s',
        colour: 'series0',
        points: samples.map(one => ({ seconds: one.seconds, value: one.recordsPerSecond }))
      },
      { name: 'resident memory', unit: 'MB', colour: 'series1', points: samples.map(one => ({ seconds: one.seconds, value: one.rssMb })) }
    ],
    shaded: { from: 0, to: seconds, name: 'no answers' }
  })
}

function senders (list: NonNullable<BenchResult['hosts']>): string {
  const panel = (size: number): Panel => ({
    title: `${records(size)} a message`,
    groups: list.filter(one => one.recordsPerMessage === size).sort((a, b) => a.senders - b.senders).map(one => ({
      lines: [String(one.senders), `p50 ${figure(one.waitMs.p50)} ms`, `p99 ${figure(one.waitMs.p99)} ms`],
      bars: [{
        segments: [{ value: one.recordsPerSecond, colour: 'series0' }],
        spread: one.spread.recordsPerSecond,
        label: short(one.recordsPerSecond)
      }]
    }))
  })
  return barChart({
    title: 'Senders that wait',
    description: 'Each sends a message and waits until it is accepted, as rsyslog does; below, how long it waits',
    unit: 'records/s',
    groupsAre: 'senders',
    series: [{ name: 'all senders together', colour: 'series0' }],
    panels: distinct(list, one => one.recordsPerMessage).map(panel)
  })
}

function days (list: readonly EverydayResult[]): string {
  const lingers = distinct(list, one => one.lingerMs).reverse()
  const panel = (size: number): Panel => {
    const sized = list.filter(one => one.recordsPerMessage === size)
    return {
      title: `${records(size)} a message`,
      groups: distinct(sized, one => one.recordsPerSecond).map(rate => ({
        lines: [short(rate)],
        bars: sized.filter(one => one.recordsPerSecond === rate).sort((a, b) => b.lingerMs - a.lingerMs).map(one => ({
          segments: [{ value: one.cores, colour: `series${lingers.indexOf(one.lingerMs)}` }], label: figure(one.cores)
        }))
      }))
    }
  }
  return barChart({
    title: 'Ordinary days',
    description: `What ${SMALL_CLOUD.hosts} hosts take of the program that log at these rates and wait for each message`,
    unit: 'cores',
    groupsAre: 'records/s',
    series: lingers.map((ms, index) => ({ name: `linger ${ms} ms`, colour: `series${index}` })),
    panels: distinct(list, one => one.recordsPerMessage).map(panel)
  })
}

function ceiling ({ ceiling: list, reached, recordsPerPush }: LokiResult): string {
  return barChart({
    title: 'What the store takes',
    description: `Prepared pushes of some ${figure(recordsPerPush)} records, by connections, beside what Lokean reached against the same store`,
    unit: 'records/s',
    groupsAre: 'connections',
    series: [{ name: 'prepared pushes', colour: 'series0' }],
    panels: [{
      groups: list.map(one => ({
        lines: [String(one.connections), `p50 ${figure(one.p50)} ms`, `p99 ${figure(one.p99)} ms`],
        bars: [{ segments: [{ value: one.recordsPerSecond, colour: 'series0' }], spread: one.spread, label: short(one.recordsPerSecond) }]
      }))
    }],
    reference: { value: reached.recordsPerSecond, name: `Lokean: ${short(reached.recordsPerSecond)}` }
  })
}
