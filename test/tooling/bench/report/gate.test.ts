import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchResult, PipelineResult } from '../../../../bench/outcome/results.ts'
import { gateFailures } from '../../../../bench/report/gate.ts'
import { sampleResult } from '../sample-result.ts'

/** The sample result with other figures where the targets look: at one worker and four shards. */
function changed (recordsPerMessage: number, change: Partial<PipelineResult>): BenchResult {
  const result = sampleResult()
  const one = result.pipeline?.find(({ workers, shards, ...one }) => one.recordsPerMessage === recordsPerMessage && workers === 1 &&
    shards === 4)
  assert.ok(one)
  Object.assign(one, change)
  return result
}

test('a good result passes, and so does one that misses a must by less than a fifth', () => {
  assert.deepEqual(gateFailures(sampleResult()), [])
  for (const [recordsPerMessage, change] of [
    [100, { ratio: 1.79 }], [1, { ratio: 4.79 }], [100, { bytesRatio: 1.37 }], [100, { recordsPerPush: 1450 }]
  ] as const) {
    assert.deepEqual(gateFailures(changed(recordsPerMessage, change)), [])
  }
})

test('what misses a must by more than a fifth is named, with what it is, what it must be, and by how much', () => {
  const failures = (
    recordsPerMessage: number, change: Partial<PipelineResult>
  ): string[] => gateFailures(changed(recordsPerMessage, change))
  assert.deepEqual(failures(100, { ratio: 1.86 }), ['all CPU of the program, against the floor: 1.86, must be at most 1.5, and misses that by 24 %'])
  assert.deepEqual(failures(1, { ratio: 6 }), ['all CPU at 1 record a message, against the floor: 6, must be at most 4, and misses that by 50 %'])
  assert.deepEqual(failures(100, { bytesRatio: 2.3 }), ['bytes pushed, against one maximal push per MiB: 2.3, must be at most 1.15, and misses that by 100 %'])
  assert.deepEqual(failures(100, { recordsPerPush: 900 }), ['records a push, under full load: 900, must be at least 1,800, and misses that by 50 %'])
  assert.equal(failures(100, { ratio: 9, bytesRatio: 9, recordsPerPush: 9 }).length, 3)
})

test('a linger that saves few pushes fails it', () => {
  const result = sampleResult()
  for (const one of result.everyday ?? []) one.pushesPerSecond = 120
  assert.deepEqual(gateFailures(result), ['the same: pushes, against those without linger: 1, must be at most 0.15, and misses that by 567 %'])
})

test('a single record that is missing or doubled fails it', () => {
  for (const change of [{ missing: 1 }, { doubled: 1 }]) {
    assert.deepEqual(gateFailures(changed(1, change)), ['records missing or doubled, all runs: 1, must be at most 0'])
  }
})

test('rates, times and what follows from them never fail it: other machines have others', () => {
  const result = changed(100, { recordsPerSecond: 1, usPerRecord: 1e6, mainUsPerRecord: 9e5, workerUsPerRecord: 1e5, rssMb: 1e5 })
  for (const one of result.latency ?? []) one.p99 = 1e6
  for (const one of result.hosts ?? []) one.recordsPerSecond = 1
  Object.assign(result.stall ?? {}, { peakRssMb: 1e5, regainedSeconds: 1e3 })
  for (const one of result.everyday ?? []) Object.assign(one, { cores: 9, usPerRecord: 9e3, p99Ms: 1e6, receiverCores: 0.01 })
  Object.assign(result.start?.[0] ?? {}, { seconds: 1e3 })
  Object.assign(result.idle ?? {}, { cpuPercent: 99 })
  assert.deepEqual(gateFailures(result), [])
})

test('a way in that costs much more than rsyslog fails it, where the machine can measure that', () => {
  const result = sampleResult()
  const one = result.inputs?.find(({ way, receiver, offered }) => way === 'relp' && receiver === 'lokean' && offered === null)
  assert.ok(one)
  one.usPerRecord = 20
  assert.deepEqual(gateFailures(result), ['RELP flat out, 100 connections: CPU a record, against rsyslog: 1.59, must be at most 1, and misses that by 58.7 %'])
  assert.deepEqual(gateFailures({ ...result, inputs: [] }), [])
})

test('a storm that takes very long, or much memory, fails it', () => {
  const storms = sampleResult().storms?.map(one => ({ ...one, seconds: 50, slowestMs: 9_000, kibPerConnection: 400 }))
  assert.equal(gateFailures({ ...sampleResult(), storms }).length, 3)
})

test('what was not measured, or came to no number, does not pass', () => {
  const { pipeline, stall, everyday, inputs, storms, noisy, ...rest } = sampleResult()
  assert.deepEqual(gateFailures(rest).map(text => text.split(': ').at(-1)), Array(6).fill('not measured'))
  assert.equal(gateFailures(changed(100, { bytesRatio: null })).length, 1)
  assert.equal(gateFailures(changed(100, { ratio: NaN })).length, 1)
})
