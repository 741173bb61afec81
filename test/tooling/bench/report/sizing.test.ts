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
  assert.deepEqual(sizing(result, 10_000), {
    hosts: 10_000,
    recordsPerSecond: 250_000,
    peakPerSecond: 1_000_000,
    instances: 5,
    cores: 2.5,
    memoryMi: 512,
    pushedMbPerSecond: 120,
    ingestionRateMb: 525,
    streams: 1_200_000
  })
  assert.equal(sizing(result, 1)?.instances, 2)
  small.bytesPerRecord = null
  assert.match(sizingSection(result), /^\| 10,000 \| 250,000 \| 1,000,000 \| 5 \| 2.5 \| 512 MiB \| {2}\| 525 \| 1,200,000 \|$/m)
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
