import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startLoki } from '../../../src/embedded/loki/server.ts'
import { LokiClient } from '../../../src/sink/client.ts'
import { parseTenantLimits, readTenantLimits } from '../../../src/sink/tenant-limits.ts'
import { Cleanup } from '../../helpers/cleanup.ts'

/** Some lines of what a LokiStack tells of a tenant. */
const LOKISTACK = `
allow_structured_metadata: false
creation_grace_period: 10m
enforced_labels:
- cluster
- log_type
increment_duplicate_timestamp: true
ingestion_burst_size_mb: 6.5
ingestion_rate_mb: 4
max_global_streams_per_user: 10000
max_label_names_per_series: 30
max_line_size: 256000B
max_line_size_truncate: true
max_streams_per_user: 2500
reject_old_samples: true
reject_old_samples_max_age: 1w
shard_streams:
  desired_rate: 3MB
  enabled: true
`

test('what Loki tells is read by its units', async () => {
  assert.deepEqual(await parseTenantLimits(LOKISTACK), {
    maxLineBytes: 256_000,
    cutsLines: true,
    maxAgeMs: 7 * 86_400_000,
    maxAheadMs: 600_000,
    maxStreams: 2_500,
    burstBytes: 6.5 * 1_048_576,
    maxLabels: 30,
    enforcedLabels: ['cluster', 'log_type'],
    takesMetadata: false,
    shardsStreams: true,
    movesEqualTimes: true
  })
  const cases: Array<[text: string, limits: object]> = [
    ['max_line_size: 256KB', { maxLineBytes: 262_144 }],
    ['max_line_size: 1.5MiB', { maxLineBytes: 1_572_864 }],
    ['max_line_size: 262144', { maxLineBytes: 262_144 }],
    ['reject_old_samples_max_age: 168h0m0s', { maxAgeMs: 7 * 86_400_000 }],
    ['reject_old_samples_max_age: 1d12h', { maxAgeMs: 36 * 3_600_000 }],
    ['max_global_streams_per_user: 1e+06', { maxStreams: 1_000_000 }],
    ['max_global_streams_per_user: 0\nmax_streams_per_user: 0', { maxStreams: Infinity }],
    ['max_global_streams_per_user: 9\nmax_streams_per_user: 0', { maxStreams: 9 }],
    ['enforced_labels: [cluster, 1, "a\\e[31m"]', { enforcedLabels: ['cluster'] }]
  ]
  for (const [text, limits] of cases) assert.deepEqual(await parseTenantLimits(text), limits, text)
})

test('a limit that is off, left out or of another form is not told', async () => {
  for (const text of [
    'max_line_size: 0B', 'max_line_size: 0', 'max_line_size: big', 'max_streams_per_user: 0', 'ingestion_burst_size_mb: 0',
    'reject_old_samples: false\nreject_old_samples_max_age: 1w', 'creation_grace_period: 10 apples', 'creation_grace_period: [1]',
    'enforced_labels: x', 'shard_streams: true', 'allow_structured_metadata: "no"', 'query_timeout: 1m'
  ]) assert.deepEqual(await parseTenantLimits(text), {}, text)
  const aliases = `a: &a [x]\nb: [${'*a, '.repeat(200)}]\nenforced_labels: [x]`
  const endless = `enforced_labels: [x]\n#${' '.repeat(1_048_576)}`
  for (const text of [endless, aliases, '', '404 page not found\n', '- 1', '"', '<html></html>']) {
    assert.equal(await parseTenantLimits(text), undefined, text.slice(0, 80))
  }
})

test('Loki is asked as the tenant, or as fake where there is none; an old Loki and a silent one tell nothing', async t => {
  const cleanup = Cleanup.of(t)
  const telling = await startLoki({ version: '3.7.6', publishedLimits: [], limits: { labelNames: 12, burstBytes: Infinity } })
  const silent = await startLoki({ version: '3.4.6' })
  for (const loki of [telling, silent]) cleanup.add(async () => { await loki.close() })
  const client = new LokiClient({ urls: [telling.url, silent.url, 'http://127.0.0.1:1'], timeoutMs: 10_000 }, 'test')
  cleanup.add(async () => { await client.close() })
  const { signal } = new AbortController()
  for (const tenant of ['', 'cloud1']) {
    const limits = await readTenantLimits(client, 0, tenant, signal)
    assert.deepEqual(limits, {
      maxLineBytes: 262_144,
      cutsLines: false,
      maxAgeMs: 7 * 86_400_000,
      maxAheadMs: 600_000,
      maxStreams: 5_000,
      maxLabels: 12,
      enforcedLabels: [],
      takesMetadata: true,
      shardsStreams: true,
      movesEqualTimes: false
    })
  }
  assert.equal(await readTenantLimits(client, 1, '', signal), undefined)
  assert.equal(await readTenantLimits(client, 2, '', signal), undefined)
})
