import type { BenchResult, PipelineResult } from '../outcome/results.ts'
import { figure, table } from './numbers.ts'
import { distinct, pipelineAt } from './select.ts'

/** Assumptions about a cloud that no bench can measure. Change them to yours and run `npm run readme`. */
export const CLOUD = {
  hosts: [100, 500, 2_000, 10_000],
  /** Of one host, the mean of a day. */
  recordsPerSecond: 25,
  /** The worst minutes relative to the mean: an outage, a debug level, the night's rotation. */
  peak: 4,
  /** The number of streams of a host, one for each source. */
  sources: 20,
  /** Hosts with few logs send small messages, which cost more. */
  recordsPerMessage: 10,
  /** The load of an instance at the peak, as a part of its maximum. */
  load: 0.6,
  /** A reserve for hosts and sources that come and go while Loki remembers them. */
  spareStreams: 2,
  /**
   * The longest outage of Loki, in hours. When the disk queues are sent, each hour makes a backlog stream of each
   * stream. Were they too many, all that is new would wait until Loki forgets streams.
   */
  outageHours: 4,
  /** Relative to the most memory that was measured. */
  spareMemory: 1.5
} as const

export interface Sizing {
  hosts: number
  recordsPerSecond: number
  peakPerSecond: number
  /** Each has one worker. There are at least two, because one may fail. */
  instances: number
  /** Of all instances together, at the mean and at the peak; null where no ordinary day was measured. */
  cores: number | null
  peakCores: number | null
  /** The memory of one instance in MiB: a multiple of 256. */
  memoryMi: number
  /** The compressed traffic to Loki at the peak; null where it could not be measured. */
  pushedMbPerSecond: number | null
  /** `ingestion_rate_mb`, counted as the records' size on the bus. Line and metadata are no larger than that. */
  ingestionRateMb: number
  /** `max_global_streams_per_user`. */
  streams: number
}

/** Computes the sizing from measured figures. Returns undefined where the run lacks one of them. */
export function sizing (result: BenchResult, hosts: number): Sizing | undefined {
  const { recordsPerSecond, peak, sources, recordsPerMessage, load, spareStreams, outageHours, spareMemory } = CLOUD
  const one = pipelineAt(result, { recordsPerMessage })
  if (one === undefined || result.floor === undefined || result.stall === undefined) return undefined
  const peakPerSecond = hosts * recordsPerSecond * peak
  const instances = Math.max(2, Math.ceil(peakPerSecond / (one.recordsPerSecond * load)))
  const cores = (rate: number): number | null => {
    const each = instanceCores(result, one, rate / instances)
    return each === undefined ? null : each * instances
  }
  return {
    hosts,
    recordsPerSecond: hosts * recordsPerSecond,
    peakPerSecond,
    instances,
    cores: cores(hosts * recordsPerSecond),
    peakCores: cores(peakPerSecond),
    memoryMi: Math.ceil(result.stall.peakRssMb * spareMemory / 256) * 256,
    pushedMbPerSecond: one.bytesPerRecord === null ? null : peakPerSecond * one.bytesPerRecord / 1e6,
    ingestionRateMb: Math.ceil(peakPerSecond * result.floor.recordBytes / 1e6),
    streams: hosts * sources * (spareStreams + outageHours)
  }
}

/**
 * How long the disk queues of the longest outage take, beside the new records: the limit lets through what the peak is.
 * And how many streams there are then.
 */
export function dayAfter (hosts: number): { outageHours: number, hours: number, streams: number } {
  const { sources, peak, outageHours } = CLOUD
  return { outageHours, hours: outageHours / (peak - 1), streams: hosts * sources * (1 + outageHours) }
}

/**
 * Returns the cores of one instance at a rate: as measured on ordinary days, and between two of them on the line that
 * joins them. Where days differ only in hosts or store, the dearest counts. A rate below all costs as much as the least
 * of them; beyond the most, the line leads to an instance under full load.
 */
function instanceCores ({ everyday = [] }: BenchResult, full: PipelineResult, rate: number): number | undefined {
  const linger = Math.max(...everyday.map(one => one.lingerMs))
  const days = everyday.filter(one => one.recordsPerMessage === full.recordsPerMessage && one.lingerMs === linger)
  if (days.length === 0) return undefined
  const points = distinct(days, one => one.recordsPerSecond).map(recordsPerSecond => ({
    rate: recordsPerSecond, cores: Math.max(...days.filter(one => one.recordsPerSecond === recordsPerSecond).map(one => one.cores))
  }))
  points.push({ rate: full.recordsPerSecond, cores: full.recordsPerSecond * full.usPerRecord / 1e6 })
  const above = points.findIndex(point => point.rate >= rate)
  if (above === 0) return points[0].cores
  const [low, high] = [points[above - 1], points[above]]
  return low.cores + (high.cores - low.cores) * (rate - low.rate) / (high.rate - low.rate)
}

/** Writes the sizing section of `deploy/README.md` without its heading. */
export function sizingSection (result: BenchResult): string {
  const { hosts, recordsPerSecond, peak, sources, recordsPerMessage, load, outageHours } = CLOUD
  const known = (cores: number | null): string => cores === null ? '' : figure(cores)
  const rows = hosts.flatMap(count => sizing(result, count) ?? [])
  return [
    `For hosts of ${recordsPerSecond} records/s each and ${peak} times that at the peak, ${recordsPerMessage} records a message, ${sources} sources a host; instances of one worker, at ${load * 100} % of what one does at the most. Streams are for twice the sources, and for the backlog streams of an outage of ${outageHours} hours. ` +
      'The cores are those of all instances together, by the ordinary days that were measured, and beyond the largest of these on the way to a full instance. Give each instance a core all the same: it is what works off a backlog.',
    '',
    table(
      [
        'hosts', 'records/s', 'at the peak', 'instances', 'cores', 'cores at the peak', 'memory of each', 'to Loki', '`ingestion_rate_mb`',
        '`max_global_streams_per_user`'
      ],
      rows.map(row => [
        row.hosts.toLocaleString('en'), figure(row.recordsPerSecond), figure(row.peakPerSecond), `${row.instances}`, known(row.cores),
        known(row.peakCores), `${row.memoryMi} MiB`,
        row.pushedMbPerSecond === null ? '' : `${figure(row.pushedMbPerSecond)} MB/s`, `${row.ingestionRateMb}`,
        row.streams.toLocaleString('en')
      ]), 0)
  ].join('\n')
}
