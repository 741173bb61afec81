import { eventResult, type Happened } from '../../../../bench/instances/events.ts'
import type { InstancesResult, LoadKind } from '../../../../bench/instances/results.ts'
import { curvePoint, type Round, type Run, summarise } from '../../../../bench/instances/scale.ts'
import { sampleResult } from '../sample-result.ts'

const TALLIED = { sent: 1000, stored: 1000, missing: 0, doubled: 0, repeated: 300, storedTwice: 7, other: 0, streams: 20 }

export function run (changed: Partial<Run> = {}): Run {
  return {
    seconds: 3,
    recordsPerSecond: 100_000,
    usPerRecord: 4,
    mainUsPerRecord: 1,
    cores: 0.4,
    mainBusy: 0.1,
    workersBusy: 0.3,
    shares: [1],
    pushesPerSecond: 200,
    recordsPerPush: 500,
    bytesPerRecord: 120,
    rssMb: [200],
    p50: 20,
    p99: 40,
    recordsPerStream: 6,
    tallied: TALLIED,
    ...changed
  }
}

export function happened (changed: Partial<Happened> = {}): Happened {
  return {
    recordsPerSecond: 50_000,
    attachedSeconds: 1,
    shareSeconds: 3,
    endSeconds: 0.5,
    longestGapMs: 200,
    usualGapMs: 20,
    returned: 8,
    tallied: TALLIED,
    ...changed
  }
}

export function round (load: LoadKind, slower: number): Round[] {
  return [
    { load, instances: 1, run: run({ recordsPerSecond: 100_000 / slower, usPerRecord: 4 * slower }) },
    { load, instances: 2, run: run({ recordsPerSecond: 150_000 / slower, usPerRecord: 5 * slower, shares: [0.4, 0.6], rssMb: [200, 150] }) }
  ]
}

export function sampleInstances (): InstancesResult {
  const { at, machine } = sampleResult()
  const both = (slower: number): Round[] => [...round('full', slower), ...round('steady', slower)]
  return {
    at,
    quick: false,
    machine,
    recordsPerMessage: 100,
    sinkMs: 10,
    steadyRate: 56_000,
    scale: summarise([both(1), both(2), both(4)]),
    curve: [curvePoint(10, 0.5, run())],
    events: [
      eventResult('join', 'steady', [happened({ endSeconds: NaN })]),
      eventResult('leave', 'steady', [happened({ attachedSeconds: NaN, shareSeconds: NaN })])
    ]
  }
}
