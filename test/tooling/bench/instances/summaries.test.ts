import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instancesChart } from '../../../../bench/instances/chart.ts'
import { eventResult, shareOfLast } from '../../../../bench/instances/events.ts'
import { lostOrDoubled } from '../../../../bench/instances/results.ts'
import { curvePoint, summarise } from '../../../../bench/instances/scale.ts'
import { instancesSection } from '../../../../bench/instances/section.ts'
import { happened, round, run, sampleInstances } from './sample.ts'

test('ratios are to one instance of the same round: a machine that changes its speed does not change them', () => {
  const [one, two] = summarise([round('full', 1), round('full', 2), round('full', 8)])
  assert.deepEqual([one.rateRatio, one.usRatio], [{ median: 1, min: 1, max: 1 }, { median: 1, min: 1, max: 1 }])
  assert.deepEqual([two.rateRatio, two.usRatio], [{ median: 1.5, min: 1.5, max: 1.5 }, { median: 1.25, min: 1.25, max: 1.25 }])
  assert.deepEqual(two.recordsPerSecond, { median: 75_000, min: 18_750, max: 150_000 })
  assert.deepEqual([two.leastShare.median, two.mostShare.median, two.rssMb, two.largestRssMb], [0.8, 1.2, 350, 200])
  assert.deepEqual([two.sent, two.missing, two.doubled], [3000, 0, 0])
  assert.throws(() => summarise([round('full', 1).slice(1)]), RangeError)
})

test('what could not be told in one round is not told', () => {
  const rounds = [round('full', 1), round('full', 1)]
  rounds[1][0].run = run({ mainUsPerRecord: NaN, recordsPerStream: NaN })
  const [one, two] = summarise(rounds)
  assert.deepEqual([one.mainUsPerRecord, one.recordsPerStream], [null, null])
  assert.deepEqual([two.mainUsPerRecord?.median, two.recordsPerStream], [1, 6])
  assert.equal(curvePoint(0, 1, run({ mainBusy: NaN })).mainBusy, null)
})

test('a record that is missing or doubled at a part of the load is an error', () => {
  for (const wrong of ['missing', 'doubled'] as const) {
    assert.throws(() => curvePoint(10, 0.5, run({ tallied: { ...run().tallied, [wrong]: 1 } })), /at 50 % of its most, store 10 ms, .*1/)
  }
})

test('the share of the instance that joined is of what was stored meanwhile', () => {
  assert.equal(shareOfLast([1000, 2000, 0], [1100, 2100, 100]), 1)
  assert.equal(shareOfLast([1000, 2000, 0], [1150, 2150, 0]), 0)
  assert.ok(Math.abs(shareOfLast([0, 0], [300, 100]) - 0.5) < 1e-9)
  assert.equal(shareOfLast([5, 5], [5, 5]), 0)
})

test('an event has the times that are its own', () => {
  const join = eventResult('join', 'full', [happened({ shareSeconds: 2, endSeconds: NaN }), happened({ shareSeconds: 4, endSeconds: NaN })])
  assert.deepEqual([join.shareSeconds, join.endSeconds, join.instances], [{ median: 3, min: 2, max: 4 }, null, 2])
  const leave = eventResult('leave', 'full', [happened({ attachedSeconds: NaN, shareSeconds: NaN })])
  assert.deepEqual([leave.attachedSeconds, leave.shareSeconds, leave.endSeconds?.median, leave.repeated.median], [null, null, 0.5, 300])
  assert.equal(eventResult('die', 'full', [happened()]).endSeconds, null, 'it is dead at once')
})

test('the section has a row for each measurement, says what was lost, and links from the page\'s folder', () => {
  const result = sampleInstances()
  const text = instancesSection(result)
  assert.doesNotMatch(text + instancesChart(result), /NaN|undefined|null|Infinity/)
  assert.equal(
    text.split('\n').filter(line => line.startsWith('| ') && !line.includes('---')).length,
    3 + result.scale.length + result.curve.length + result.events.length
  )
  assert.match(text, /\| 56,000 records\/s \| 2 \| .* \| 1\.5 \| .* \| 1\.25 \| 0\.8 to 1\.2 \| 350 MB \|/)
  assert.match(text, /\| 300 \| 7 \| 0 \| 0 \|/)
  assert.match(text, /Of 14,000 records sent, none was missing or doubled\./)
  assert.match(text, /\]\(results\/instances\.svg\)/)
  result.events[0].doubled = 2
  result.scale[0].missing = 1
  assert.equal(lostOrDoubled(result), 3)
  assert.match(instancesSection(result), /\*\*3 were missing or doubled\*\*/)
})
