import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RESULTS, write } from '../outcome/result-files.ts'
import type { Machine, Spread } from '../outcome/results.ts'

/** The last full run's, and its chart. */
export const KEPT: string = join(RESULTS, 'instances.json')
export const CHART = 'instances.svg'

/** `steady`: the same rate whatever the number of instances. `full`: as fast as they take it. */
export const LOADS = ['steady', 'full'] as const
export type LoadKind = typeof LOADS[number]

/** So many instances on one address. Medians of the rounds; null: cannot be told here (no /proc; not our store). */
export interface ScaleResult {
  load: LoadKind
  instances: number
  recordsPerSecond: Spread
  /** CPU of all instances, and of their main threads. */
  usPerRecord: Spread
  mainUsPerRecord: Spread | null
  /** Against one instance in the same round. */
  rateRatio: Spread
  usRatio: Spread
  /** CPU of all instances, in cores. */
  cores: number
  /** Part of the time, mean of the instances. */
  workersBusy: number
  /** Smallest and largest part of the records, against an even one. */
  leastShare: Spread
  mostShare: Spread
  /** All instances together, and the largest. */
  rssMb: number
  largestRssMb: number
  /** From sending a message to having it accepted. */
  latencyMs: { p50: Spread, p99: Spread }
  pushesPerSecond: number
  recordsPerPush: number
  /** Records under one heading of a stream in a push. */
  recordsPerStream: number | null
  /** Pushed. */
  bytesPerRecord: number
  sent: number
  missing: number
  doubled: number
}

/** One instance at a part of what it can do: what shows how full it is. */
export interface CurveResult {
  /** How late the store answers. */
  sinkMs: number
  /** Of the maximum, 0 to 1. */
  load: number
  recordsPerSecond: number
  usPerRecord: number
  cores: number
  /** Parts of the time. Null: no /proc. */
  mainBusy: number | null
  workersBusy: number
  p50: number
  p99: number
  pushesPerSecond: number
}

export const EVENTS = ['join', 'leave', 'die'] as const
export type EventKind = typeof EVENTS[number]

/** One instance joins, leaves (SIGTERM) or dies (SIGKILL) under load. */
export interface EventResult {
  event: EventKind
  load: LoadKind
  /** Before it. */
  instances: number
  recordsPerSecond: number
  /** `join`: from its start, as a process, until it is attached, and until it has nine tenths of an even share. `leave`: until it has ended. Null: not of this event. */
  attachedSeconds: Spread | null
  shareSeconds: Spread | null
  endSeconds: Spread | null
  /** The longest time without an accepted message, from the event on, and in as quiet a time before it. */
  longestGapMs: Spread
  usualGapMs: Spread
  /** Messages that the bus gave back to the senders. */
  returned: Spread
  /** Records that were pushed twice, and stored once. */
  repeated: Spread
  sent: number
  missing: number
  doubled: number
}

export interface InstancesResult {
  /** ISO 8601. */
  at: string
  quick: boolean
  machine: Machine
  recordsPerMessage: number
  /** How late the bench's own store answers. */
  sinkMs: number
  /** Records/s of the steady load. */
  steadyRate: number
  scale: ScaleResult[]
  curve: CurveResult[]
  events: EventResult[]
}

export function keptResult (): InstancesResult {
  return JSON.parse(readFileSync(KEPT, 'utf8')) as InstancesResult
}

/** The files' paths. */
export function keepResult (result: InstancesResult, chart: string): string[] {
  const files = [[KEPT, `${JSON.stringify(result, undefined, 2)}\n`], [join(RESULTS, CHART), chart]]
  for (const [file, text] of files) write(file, text)
  return files.map(([file]) => file)
}

/** Records that are missing or doubled, of the whole run. */
export function lostOrDoubled ({ scale, events }: Pick<InstancesResult, 'scale' | 'events'>): number {
  return [...scale, ...events].reduce((sum, { missing, doubled }) => sum + missing + doubled, 0)
}
