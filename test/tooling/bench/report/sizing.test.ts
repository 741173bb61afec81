import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOUD, sizing, sizingSection } from '../../../../bench/report/sizing.ts'
import { LATEST, readResult } from '../../../../bench/outcome/result-files.ts'
import { documents, KUBERNETES, type Manifest } from '../../../helpers/manifests.ts'
import { sampleResult } from '../sample-result.ts'

test('a sizing follows from the figures', () => {
  const result = sampleResult()
  const small = result.pipeline?.find(one => one.recordsPerMessage === CLOUD.recordsPerMessage && one.workers === 1 && one.shards === 4)
  assert.ok(small !== undefined && result.floor !== undefined && result.stall !== undefined)
  Object.assign(small, { recordsPerSecond: 400_000, usPerRecord: 2.5, bytesPerRecord: 120 })
  result.floor.recordBytes = 525
  result.stall.peakRssMb = 263
  const days = result.everyday?.filter(one => one.recordsPerMessage === CLOUD.recordsPerMessage)
  assert.deepEqual(days?.map(one => [one.recordsPerSecond, one.cores]), [[2_500, 0.05], [10_000, 0.07], [40_000, 0.2]])
  const { cores, peakCores, ...rest } = sizing(result, 10_000)!
  // Each of the five has 50,000 records/s, or 200,000, on the way from 40,000 with 0.2 cores to 400,000 with one.
  const onTheWay = (rate: number): number => 0.2 + 0.8 * (rate - 40_000) / 360_000
  assert.ok(Math.abs(cores! - 5 * onTheWay(50_000)) < 1e-9 && Math.abs(peakCores! - 5 * onTheWay(200_000)) < 1e-9)
  assert.deepEqual(rest, {
    hosts: 10_000,
    recordsPerSecond: 250_000,
    peakPerSecond: 1_000_000,
    instances: 5,
    memoryMi: 512,
    pushedMbPerSecond: 120,
    ingestionRateMb: 525,
    streams: 1_200_000
  })
  assert.equal(sizing(result, 1)?.instances, 2)
  small.bytesPerRecord = null
  assert.match(sizingSection(result), /^\| 10,000 \| 250,000 \| 1,000,000 \| 5 \| 1.11 \| 2.78 \| 512 MiB \| {2}\| 525 \| 1,200,000 \|$/m)
  // Each of two: 1,250 records/s cost as much as the least that was measured, 5,000 lie a third of the way to 10,000.
  assert.equal(sizing(result, 100)?.cores, 0.1)
  assert.ok(Math.abs(sizing(result, 100)!.peakCores! - 2 * (0.05 + 0.02 / 3)) < 1e-9)
  days.push({ ...days[1], sinkMs: 5, cores: 0.08 })
  result.everyday = days
  assert.ok(Math.abs(sizing(result, 400)!.cores! - 2 * 0.06) < 1e-9, 'the dearest of equal rates counts')
  delete result.everyday
  assert.match(sizingSection(result), /^\| 100 \| 2,500 \| 10,000 \| 2 \| {2}\| {2}\| 512 MiB \|/m)
  delete result.stall
  assert.equal(sizing(result, 1), undefined)
})

test('what is deployed is no less than what the figures ask for', () => {
  const result = readResult(LATEST)
  const large = sizing(result, 2_000)
  assert.ok(large !== undefined)
  const [{ limits_config: limits }] = documents<{ limits_config: Record<string, number> }>('deploy/loki/limits.yaml')
  assert.ok(limits.ingestion_rate_mb >= large.ingestionRateMb && limits.max_global_streams_per_user >= large.streams)
  const [deployment] = documents<Manifest>(`${KUBERNETES}/base/deployment.yaml`)
  assert.ok(Number.parseInt(deployment.spec.template.spec.containers[0].resources.limits.memory) >= large.memoryMi)
  const [{ spec: { maxReplicas } }] = documents<Manifest>(`${KUBERNETES}/base/horizontal-pod-autoscaler.yaml`)
  assert.ok(maxReplicas >= (sizing(result, 10_000)?.instances ?? Infinity))
})
