import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryLine } from '../../soak/memory-trend.ts'

test('the slope is that of the time after the warm-up, however many samples there were', () => {
  const line = new MemoryLine()
  // The memory grows by 40 MB in the warm-up, then by 6 MB an hour.
  for (let second = 0; second <= 20_000; second++) line.add(100 + second, Math.min(40, second) + 60 + second * 6 / 3600)
  const trend = line.trend()
  assert.ok(trend !== undefined && trend.mbPerHour !== null)
  assert.ok(Math.abs(trend.mbPerHour - 6) < 0.01, String(trend.mbPerHour))
  assert.equal(trend.firstMb, 60)
  assert.ok(Math.abs(trend.peakMb - (100 + 20_000 * 6 / 3600)) < 0.01)
  assert.ok(trend.seconds > 19_000)
})

test('a short life has no slope, and one that was never looked at no trend', () => {
  const line = new MemoryLine()
  assert.equal(line.trend(), undefined)
  line.add(3, 80)
  line.add(63, 90)
  assert.deepEqual(line.trend(), { seconds: 60, firstMb: 80, lastMb: 90, peakMb: 90, mbPerHour: null })
})
