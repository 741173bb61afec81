import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RESULTS, write } from '../outcome/result-files.ts'
import type { Machine } from '../outcome/machine.ts'
import type { Spread } from '../outcome/spread.ts'

/** The last full run and its chart. */
export const KEPT: string = join(RESULTS, 'instances.json')
export const CHART = 'instances.svg'

/** `steady`: the same rate for any number of instances. `full`: as fast as they take it. */
export const LOADS = ['steady', 'full'] as const
export type LoadKind = typeof LOADS[number]

/**
 * So many instances on one address. Figures are medians of the rounds. Null: it cannot be measured here (no /proc, or
 * not the bench's store).
 */
export interface ScaleResult {
  load: LoadKind
  instances: number
  recordsPerSecond: Spread
  /** CPU of all instances, and CPU of their main threads. */
  usPerRecord: Spread
  mainUsPerRecord: Spread | null
  /** Relative to one instance in the same round. */
  rateRatio: Spread
  usRatio: Spread
  /** CPU of all instances, in cores. */
  cores: number
  /** Busy part of the time, mean of the instances. */
  workersBusy: number
  /** The smallest and the largest part of the records, relative to an even one. */
  leastShare: Spread
  mostShare: Spread
  /** All instances together, and the largest instance. */
  rssMb: number
  largestRssMb: number
  /** From sending a message to its acceptance. */
  latencyMs: { p50: Spread, p99: Spread }
  pushesPerSecond: number
  recordsPerPush: number
  /** Records under one stream heading of a push. */
  recordsPerStream: number | null
  /** Pushed bytes. */
  bytesPerRecord: number
  sent: number
  missing: number
  doubled: number
}

/** One instance at a part of its maximum: the figures show how busy it is. */
export interface CurveResult {
  /** The delay of the store's answers. */
  sinkMs: number
  /** The part of the maximum, 0 to 1. */
  load: number
  recordsPerSecond: number
  usPerRecord: number
  cores: number
  /** Busy parts of the time. Null: no /proc. */
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
  /** The number of instances before the event. */
  instances: number
  recordsPerSecond: number
  /**
   * `join`: from the start of the process until its link is attached, and until it has nine tenths of an even share.
   * `leave`: until the process has ended. Null: this kind of event has no such figure.
   */
  attachedSeconds: Spread | null
  shareSeconds: Spread | null
  endSeconds: Spread | null
  /** The longest time without an accepted message: after the event, and in an equally long time before it. */
  longestGapMs: Spread
  usualGapMs: Spread
  /** Messages that the bus gave back to the senders. */
  returned: Spread
  /** Records that were pushed twice, and those of them that a Loki stores twice: unknown to older results. */
  repeated: Spread
  storedTwice?: Spread
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
  /** The delay of the answers of the bench's store. */
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

/** Writes the result and its chart. Returns the paths of the files. */
export function keepResult (result: InstancesResult, chart: string): string[] {
  const files = [[KEPT, `${JSON.stringify(result, undefined, 2)}\n`], [join(RESULTS, CHART), chart]]
  for (const [file, text] of files) write(file, text)
  return files.map(([file]) => file)
}

/** Records of the whole run that are missing or doubled. */
export function lostOrDoubled ({ scale, events }: Pick<InstancesResult, 'scale' | 'events'>): number {
  return [...scale, ...events].reduce((sum, { missing, doubled }) => sum + missing + doubled, 0)
}
