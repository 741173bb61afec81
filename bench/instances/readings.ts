import type { LoadCounts } from '../harness/load/load.process.ts'
import type { Program } from '../harness/program/program.ts'

/** What an instance's metrics and the kernel report of it since its start. NaN: it cannot be measured here. */
export interface MemberReading {
  linkUp: boolean
  /** Records, including those that came again. */
  stored: number
  cpuMicros: number
  mainMicros: number
  workerBusySeconds: number
  workers: number
  pushes: number
  pushedBytes: number
  pushedRecords: number
  rssMb: number
}

export interface Reading { load: LoadCounts, members: readonly MemberReading[] }

export async function memberReading (program: Program): Promise<MemberReading> {
  const metrics = await program.metrics()
  const sum = (name: string): number => sumOf(metrics, name)
  const cpu = program.cpu() ?? { totalMicros: sum('process_cpu_seconds_total') * 1e6, mainMicros: NaN }
  return {
    linkUp: sum('lokean_link_up') > 0,
    stored: sum('lokean_records_stored_total'),
    cpuMicros: cpu.totalMicros,
    mainMicros: cpu.mainMicros,
    workerBusySeconds: sum('lokean_worker_busy_seconds_total'),
    workers: sum('lokean_workers'),
    pushes: sum('lokean_push_records_count'),
    pushedBytes: sum('lokean_push_bytes_sum'),
    pushedRecords: sum('lokean_push_records_sum'),
    rssMb: program.memory()?.nowMb ?? sum('process_resident_memory_bytes') / 2 ** 20
  }
}

/** Sums a metric over all label values. */
export function sumOf (metrics: ReadonlyMap<string, number>, name: string): number {
  let sum = 0
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) sum += value
  return sum
}

/**
 * What changed between two readings of the same instances. Figures are per second or per accepted record; `shares` are
 * parts of the stored records.
 */
export interface Stretch {
  seconds: number
  recordsPerSecond: number
  usPerRecord: number
  mainUsPerRecord: number
  /** CPU of all instances. */
  cores: number
  /** The busy part of the busiest instance's main thread. */
  mainBusy: number
  /** Mean of the instances, from lokean_worker_busy_seconds_total. */
  workersBusy: number
  shares: number[]
  pushesPerSecond: number
  recordsPerPush: number
  bytesPerRecord: number
  /** The size of each instance at the end. */
  rssMb: number[]
}

/** Throws RangeError where the readings have different numbers of instances. */
export function between (from: Reading, to: Reading): Stretch {
  if (from.members.length !== to.members.length) throw new RangeError(`a reading of ${from.members.length} instances and one of ${to.members.length} have no difference`)
  const seconds = (to.load.at - from.load.at) / 1000
  const settled = to.load.settled - from.load.settled
  const grown = (field: Exclude<keyof MemberReading, 'linkUp'>): number[] =>
    to.members.map((member, i) => member[field] - from.members[i][field])
  const total = (field: Exclude<keyof MemberReading, 'linkUp'>): number => grown(field).reduce((sum, value) => sum + value, 0)
  const stored = total('stored')
  return {
    seconds,
    recordsPerSecond: settled / seconds,
    usPerRecord: total('cpuMicros') / settled,
    mainUsPerRecord: total('mainMicros') / settled,
    cores: total('cpuMicros') / 1e6 / seconds,
    mainBusy: Math.max(...grown('mainMicros')) / 1e6 / seconds,
    workersBusy: total('workerBusySeconds') / to.members.reduce((sum, { workers }) => sum + workers, 0) / seconds,
    shares: grown('stored').map(one => one / stored),
    pushesPerSecond: total('pushes') / seconds,
    recordsPerPush: total('pushedRecords') / total('pushes'),
    bytesPerRecord: total('pushedBytes') / total('pushedRecords'),
    rssMb: to.members.map(({ rssMb }) => rssMb)
  }
}

/** Returns the smallest and the largest share, relative to an even one. Both are 1 where all shares are equal. */
export function evenness (shares: readonly number[]): { least: number, most: number } {
  return { least: Math.min(...shares) * shares.length, most: Math.max(...shares) * shares.length }
}
