import type { BenchResult } from '../outcome/results.ts'
import type { Spread } from '../outcome/spread.ts'
import { percent } from '../report/numbers.ts'
import { hostsAt, plural, records } from '../report/select.ts'

/** One number of a result that can be compared with the same number of another result. */
export interface Figure {
  name: string
  unit: string
  median: number
  /** Undefined where nothing was repeated. */
  spread?: Spread
  more?: true
  /** A ratio can be compared even with a result of another machine. */
  ratio?: true
}

/** Lists every figure of a result that can get better or worse, in the order of the sections. */
export function figuresOf (result: BenchResult): Figure[] {
  return [
    ...floor(result), ...pipeline(result), ...latency(result), ...stall(result), ...hosts(result), ...everyday(result), ...start(result),
    ...idle(result), ...loki(result), ...micro(result)
  ]
}

function of (
  name: string, unit: string, median: number | null | undefined, spread?: Spread | null, also: Pick<Figure, 'more' | 'ratio'> = {}
): Figure[] {
  return median === null || median === undefined ? [] : [{ name, unit, median, spread: spread ?? undefined, ...also }]
}

function floor ({ floor }: BenchResult): Figure[] {
  return of('floor', 'µs a record', floor?.usPerRecord, floor?.spread)
}

function pipeline ({ pipeline = [] }: BenchResult): Figure[] {
  return pipeline.flatMap(({ recordsPerMessage, workers, shards, spread, ...one }) => {
    const name = `pipeline, ${records(recordsPerMessage)}, ${plural(workers, 'worker')}, ${plural(shards, 'shard')}`
    const [main, worker] = [spread.mainUsPerRecord, spread.workerUsPerRecord]
    const share = main === null || worker === null ? undefined : quotient(main, worker)
    return [
      ...of(`${name}: ratio to the floor`, '', one.ratio, spread.ratio, { ratio: true }),
      ...of(`${name}: main thread to workers`, '', share?.median, share, { ratio: true }),
      // The pushed bytes depend on the records and on how batches form, hardly on the machine's load.
      ...of(`${name}: bytes to maximal pushes`, '', one.bytesRatio, one.bytesRatio === null
        ? null
        : exactly(one.bytesRatio), { ratio: true }),
      ...of(`${name}: CPU`, 'µs a record', one.usPerRecord, spread.usPerRecord),
      ...of(`${name}: rate`, 'records/s', one.recordsPerSecond, spread.recordsPerSecond, { more: true }),
      ...of(`${name}: peak RSS`, 'MB', one.rssMb),
      ...of(`${name}: event-loop delay p99`, 'ms', one.eventLoopDelayMs?.p99)
    ]
  })
}

function latency ({ latency = [] }: BenchResult): Figure[] {
  return latency.flatMap(({ recordsPerMessage, load, sinkMs, spread, ...one }) => {
    const name = `latency, ${records(recordsPerMessage)}, ${percent(load)} load, sink ${sinkMs} ms`
    return (['p50', 'p99', 'p999'] as const).flatMap(quantile => of(
      `${name}: ${quantile.replace('999', '99.9')}`, 'ms', one[quantile], spread[quantile]
    ))
  })
}

function stall ({ stall }: BenchResult): Figure[] {
  return [
    ...of('stall: peak RSS', 'MB', stall?.peakRssMb, stall?.spread?.peakRssMb),
    ...of('stall: rate regained after', 's', stall?.regainedSeconds, stall?.spread?.regainedSeconds)
  ]
}

function hosts (result: BenchResult): Figure[] {
  const { hosts = [] } = result
  const [one, many] = [hostsAt(result, 1, 1), hostsAt(result, 1, 200)]
  const gain = one === undefined || many === undefined ? undefined : quotient(many.spread.recordsPerSecond, one.spread.recordsPerSecond)
  return [
    ...of('senders: 200 against 1', 'times', gain?.median, gain, { more: true, ratio: true }),
    ...hosts.flatMap(({ senders, recordsPerMessage, recordsPerSecond, waitMs, spread }) => {
      const name = `senders, ${senders} with ${records(recordsPerMessage)}`
      return [
        ...of(`${name}: rate`, 'records/s', recordsPerSecond, spread.recordsPerSecond, { more: true }),
        ...of(`${name}: wait p99`, 'ms', waitMs.p99, spread.p99)
      ]
    })
  ]
}

function everyday ({ everyday = [] }: BenchResult): Figure[] {
  return everyday.flatMap(({ recordsPerSecond, recordsPerMessage, lingerMs, sinkMs, ...one }) => {
    const name = `everyday, ${recordsPerSecond.toLocaleString('en')}/s of ${one.hosts} hosts, ${records(recordsPerMessage)}, linger ${lingerMs}, sink ${sinkMs} ms`
    return [
      ...of(`${name}: cores`, '', one.cores),
      ...of(`${name}: pushes`, '/s', one.pushesPerSecond),
      ...of(`${name}: p99`, 'ms', one.p99Ms)
    ]
  })
}

function start ({ start = [] }: BenchResult): Figure[] {
  return start.flatMap(({ streams, seconds, pushes }) => {
    const name = `start, ${plural(streams, 'stream')}`
    return [...of(`${name}: stored after`, 's', seconds), ...of(`${name}: pushes`, '', pushes)]
  })
}

function idle ({ idle }: BenchResult): Figure[] {
  return of('idle: CPU of a core', '%', idle?.cpuPercent, idle?.spread)
}

function loki ({ loki }: BenchResult): Figure[] {
  return of('store: what Lokean reached', 'records/s', loki?.reached.recordsPerSecond, loki?.reached.spread, { more: true })
}

/** Only the alternatives that the program uses are compared; the others are there to choose from. */
function micro ({ micro = [] }: BenchResult): Figure[] {
  return micro.flatMap(({ question, unit, alternatives }) => alternatives.filter(({ chosen }) => chosen)
    .flatMap(({ value, spread }) => of(`micro: ${question}`, unit, value, spread)))
}

/** The spread is as wide as possible, because any repeat of one figure may belong to any repeat of the other. */
function quotient (above: Spread, below: Spread): Spread {
  return { median: above.median / below.median, min: above.min / below.max, max: above.max / below.min }
}

function exactly (value: number): Spread {
  return { median: value, min: value, max: value }
}
