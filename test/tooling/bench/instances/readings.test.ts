import assert from 'node:assert/strict'
import { test } from 'node:test'
import { between, evenness, type MemberReading, type Reading, sumOf } from '../../../../bench/instances/readings.ts'

function reading (at: number, settled: number, members: Array<Partial<MemberReading>>): Reading {
  const none: MemberReading = {
    linkUp: true,
    stored: 0,
    cpuMicros: 0,
    mainMicros: 0,
    workerBusySeconds: 0,
    workers: 1,
    pushes: 0,
    pushedBytes: 0,
    pushedRecords: 0,
    rssMb: 100
  }
  return {
    load: { sent: settled, settled, messages: 0, behind: 0, at, cpuMicros: 0 }, members: members.map(member => ({ ...none, ...member }))
  }
}

const FROM = reading(1000, 5000, [
  { stored: 4000, cpuMicros: 1e6, mainMicros: 4e5, workerBusySeconds: 7, pushes: 10, pushedBytes: 1000, pushedRecords: 4000 },
  { stored: 1000 }
])
const TO = reading(3000, 15_000, [
  {
    stored: 7000, cpuMicros: 2e6, mainMicros: 8e5, workerBusySeconds: 8, pushes: 30, pushedBytes: 301_000, pushedRecords: 7000, rssMb: 120
  },
  {
    stored: 8000, cpuMicros: 5e5, mainMicros: 1e5, workerBusySeconds: 0.5, pushes: 30, pushedBytes: 700_000, pushedRecords: 7000, rssMb: 110
  }
])

test('what happened between two readings, of all instances together', () => {
  assert.deepEqual(between(FROM, TO), {
    seconds: 2,
    recordsPerSecond: 5000,
    usPerRecord: 150,
    mainUsPerRecord: 50,
    cores: 0.75,
    mainBusy: 0.2,
    workersBusy: 0.375,
    shares: [0.3, 0.7],
    pushesPerSecond: 25,
    recordsPerPush: 200,
    bytesPerRecord: 100,
    rssMb: [120, 110]
  })
})

test('one that came or went between them leaves no difference', () => {
  assert.throws(() => between(FROM, { ...TO, members: TO.members.slice(1) }), RangeError)
})

test('threads that cannot be told apart leave only theirs untold', () => {
  const untold = reading(3000, 15_000, [
    { stored: 7000, cpuMicros: 2e6, mainMicros: NaN }, { stored: 8000, cpuMicros: 5e5, mainMicros: NaN }
  ])
  const { usPerRecord, mainUsPerRecord, mainBusy } = between(FROM, untold)
  assert.deepEqual([usPerRecord, mainUsPerRecord, mainBusy], [150, NaN, NaN])
})

test('an even share is 1, however many there are', () => {
  assert.deepEqual(evenness([0.25, 0.25, 0.25, 0.25]), { least: 1, most: 1 })
  assert.deepEqual(evenness([0.75, 0.25]), { least: 0.5, most: 1.5 })
  assert.deepEqual(evenness([1]), { least: 1, most: 1 })
})

test('a metric is summed over its labels, and over no other metric', () => {
  const metrics = new Map([
    ['x_total{address="a"}', 1], ['x_total{address="b"}', 2], ['x_total_more{address="a"}', 40], ['x', 500], ['y', 6]
  ])
  assert.deepEqual(['x_total', 'y', 'z'].map(name => sumOf(metrics, name)), [3, 6, 0])
})
