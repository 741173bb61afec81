import type { BenchResult } from '../outcome/results.ts'
import { figure, table } from './numbers.ts'
import { pipelineAt } from './select.ts'

/** What a cloud does, as far as no bench can tell; change it to yours and run `npm run readme`. */
export const CLOUD = {
  hosts: [100, 500, 2_000, 10_000],
  /** Of a host, the mean of a day. */
  recordsPerSecond: 25,
  /** What the worst minutes have of the mean: an outage, a debug level, the night's rotation. */
  peak: 4,
  /** Streams of a host: its sources. */
  sources: 20,
  /** Hosts with little to say send small messages, which cost more. */
  recordsPerMessage: 10,
  /** Of what an instance can do at the most, what it should have at the peak. */
  load: 0.6,
  /** For hosts and sources that come and go within Loki's memory of them. */
  spareStreams: 2,
  /** Of the most memory that was seen. */
  spareMemory: 1.5
} as const

export interface Sizing {
  hosts: number
  recordsPerSecond: number
  peakPerSecond: number
  /** With one worker each; two at the least, for the loss of one. */
  instances: number
  /** All of them, at the peak, were each record as cheap as under full load; with less to do Lokean pushes small, and a record costs more. */
  cores: number
  /** Of one, in MiB: a multiple of 256. */
  memoryMi: number
  /** To Loki at the peak, compressed; null where it could not be measured. */
  pushedMbPerSecond: number | null
  /** `ingestion_rate_mb`: the records as they are on the bus, which are no smaller than line and metadata. */
  ingestionRateMb: number
  /** `max_global_streams_per_user`. */
  streams: number
}

/** From measured figures; undefined where the run left out what it takes. */
export function sizing (result: BenchResult, hosts: number): Sizing | undefined {
  const { recordsPerSecond, peak, sources, recordsPerMessage, load, spareStreams, spareMemory } = CLOUD
  const one = pipelineAt(result, { recordsPerMessage })
  if (one === undefined || result.floor === undefined || result.stall === undefined) return undefined
  const peakPerSecond = hosts * recordsPerSecond * peak
  return {
    hosts,
    recordsPerSecond: hosts * recordsPerSecond,
    peakPerSecond,
    instances: Math.max(2, Math.ceil(peakPerSecond / (one.recordsPerSecond * load))),
    cores: peakPerSecond * one.usPerRecord / 1e6,
    memoryMi: Math.ceil(result.stall.peakRssMb * spareMemory / 256) * 256,
    pushedMbPerSecond: one.bytesPerRecord === null ? null : peakPerSecond * one.bytesPerRecord / 1e6,
    ingestionRateMb: Math.ceil(peakPerSecond * result.floor.recordBytes / 1e6),
    streams: hosts * sources * spareStreams
  }
}

/** The README's sizing section, without its heading. */
export function sizingSection (result: BenchResult): string {
  const { hosts, recordsPerSecond, peak, sources, recordsPerMessage, load } = CLOUD
  const rows = hosts.flatMap(count => sizing(result, count) ?? [])
  return [
    `For hosts of ${recordsPerSecond} records/s each and ${peak} times that at the peak, ${recordsPerMessage} records a message, ${sources} sources a host; instances of one worker, at ${load * 100} % of what one does at the most. ` +
      'The cores are those that the records take when instances are full; one that has little to do pushes small, and takes most of a core all the same: give each a core.',
    '',
    table(
      ['hosts', 'records/s', 'at the peak', 'instances', 'cores, by full ones', 'memory of each', 'to Loki', '`ingestion_rate_mb`', '`max_global_streams_per_user`'],
      rows.map(row => [
        row.hosts.toLocaleString('en'), figure(row.recordsPerSecond), figure(row.peakPerSecond), `${row.instances}`, figure(row.cores), `${row.memoryMi} MiB`,
        row.pushedMbPerSecond === null ? '' : `${figure(row.pushedMbPerSecond)} MB/s`, `${row.ingestionRateMb}`, row.streams.toLocaleString('en')
      ]), 0)
  ].join('\n')
}
