import type { BenchResult, EverydayResult, HostsResult, LatencyResult, PipelineResult } from '../outcome/results.ts'

/** The usual case, which most targets mean: 100 records a message, one worker, and the default number of shards. */
export const USUAL = { recordsPerMessage: 100, workers: 1, shards: 4 } as const

export function pipelineAt (
  result: BenchResult, which: Partial<Pick<PipelineResult, 'recordsPerMessage' | 'workers' | 'shards'>> = {}
): PipelineResult | undefined {
  const { recordsPerMessage, workers, shards } = { ...USUAL, ...which }
  return result.pipeline?.find(one => one.recordsPerMessage === recordsPerMessage && one.workers === workers && one.shards === shards)
}

export function latencyAt (result: BenchResult, recordsPerMessage: number, load: number, sinkMs: number): LatencyResult | undefined {
  return result.latency?.find(one => one.recordsPerMessage === recordsPerMessage && one.load === load && one.sinkMs === sinkMs)
}

export function hostsAt (result: BenchResult, recordsPerMessage: number, senders: number): HostsResult | undefined {
  return result.hosts?.find(one => one.recordsPerMessage === recordsPerMessage && one.senders === senders)
}

/** The small cloud that most targets of ordinary days mean. */
export const SMALL_CLOUD = { recordsPerSecond: 2_500, hosts: 100, recordsPerMessage: 1, sinkMs: 0 } as const

/** Of ordinary days that differ in the linger alone, the one with the longest: with LOKEAN_LINGER as it is set. */
export function everydayAt (
  result: BenchResult, which: Partial<Pick<EverydayResult, 'recordsPerSecond' | 'hosts' | 'recordsPerMessage' | 'sinkMs' | 'lingerMs'>> = {}
): EverydayResult | undefined {
  const wanted = Object.entries({ ...SMALL_CLOUD, ...which }) as Array<[keyof EverydayResult, number]>
  return result.everyday?.filter(one => wanted.every(([key, value]) => one[key] === value))
    .sort((a, b) => b.lingerMs - a.lingerMs)[0]
}

/** Returns the different values of a field, ascending. */
export function distinct<T> (list: readonly T[], field: (one: T) => number): number[] {
  return [...new Set(list.map(field))].sort((a, b) => a - b)
}

/** For example `1 worker` and `4 workers`. */
export function plural (count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`
}

export function records (count: number): string {
  return plural(count, 'record')
}
