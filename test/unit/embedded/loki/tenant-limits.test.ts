import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { get, loki, type Answer } from './push/logproto.ts'

interface Captured {
  path: string
  headers?: Record<string, string>
  status: number
  contentType: string
  body: string | object
}

function projectFolder (): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return folder
}

const { responses } = JSON.parse(readFileSync(
  new URL('test/fixtures/loki/tenant-limits.json', projectFolder()), 'utf8'
)) as { responses: Captured[] }

/** Arrays of the capture are cut to two items; whose build a Loki is does not matter. */
function shortened (value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 2).map(shortened)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'version' ? '' : shortened(inner)]))
}

for (const { path, headers, status, contentType, body } of responses) {
  test(`answers as Loki 3.7.6: ${path}, ${headers === undefined ? 'without a tenant' : 'with one'}`, async (t) => {
    const answer = await get(await loki(t, { version: '3.7.6' }), path, {}, headers)
    assert.deepEqual([answer.status, answer.type], [status, contentType])
    if (typeof body === 'string') assert.equal(answer.text, body)
    else assert.deepEqual(shortened(JSON.parse(answer.text)), shortened(body))
  })
}

const told = async (server: { url: string }): Promise<Answer> => await get(
  server, '/config/tenant/v1/limits', {}, { 'x-scope-orgid': 'fake' }
)

test('what makes repeats doubles can be told', async (t) => {
  const publishedLimits = ['increment_duplicate_timestamp', 'shard_streams']
  const limits = { incrementDuplicateTimestamp: true, shardRateBytes: 3 * 1_048_576 }
  const text = (enabled: boolean, rate: string): string => `shard_streams:\n  enabled: ${enabled}\n  time_sharding_enabled: false\n` +
    `  time_sharding_ignore_recent: 40m0s\n  logging_enabled: false\n  desired_rate: ${rate}\n`
  const server = await loki(t, { version: '3.7.6', limits, publishedLimits })
  assert.equal((await told(server)).text, `increment_duplicate_timestamp: true\n${text(true, '3MB')}`)
  server.setLimits({ incrementDuplicateTimestamp: false, shardRateBytes: Infinity })
  assert.equal((await told(server)).text, `increment_duplicate_timestamp: false\n${text(false, '1536KB')}`)
})

test('an operator may publish other limits', async (t) => {
  const limits = {
    rateBytes: 8 * 1_048_576,
    burstBytes: 12_000_000,
    lineBytes: 256_000,
    maxAgeMs: 30 * 86_400_000,
    streams: 1_250_000,
    enforcedLabels: ['cluster'],
    metadata: false
  }
  const server = await loki(t, {
    version: '3.7.6',
    limits,
    publishedLimits: ['ingestion_rate_mb', 'max_line_size', 'max_global_streams_per_user', 'enforced_labels', 'nosuch']
  })
  assert.equal((await told(server)).text, 'enforced_labels:\n- cluster\ningestion_rate_mb: 8\nmax_global_streams_per_user: 1.25e+06\nmax_line_size: 250KB\n')
  const all = parse((await told(await loki(t, { version: '3.7.6', limits, publishedLimits: [] }))).text) as Record<string, unknown>
  assert.deepEqual(Object.keys(all), Object.keys(all).toSorted())
  assert.deepEqual([
    all.max_global_streams_per_user, all.reject_old_samples_max_age, all.allow_structured_metadata, all.creation_grace_period,
    all.max_query_series
  ],
  [1_250_000, '30d', false, '10m', 500])
})

test('a limit that is off is told as Loki writes it', async (t) => {
  const limits = { maxAgeMs: Infinity, streams: Infinity, lineBytes: Infinity, queryLengthMs: Infinity }
  const all = parse((await told(await loki(t, { version: '3.7.6', limits, publishedLimits: [] }))).text) as Record<string, unknown>
  assert.deepEqual([
    all.reject_old_samples, all.max_global_streams_per_user, all.max_line_size, all.max_query_length, all.enforced_labels
  ], [false, 0, '0B', '0s', []])
})

test('an older Loki tells no limits', async (t) => {
  const server = await loki(t)
  assert.equal((await told(server)).status, 404)
  assert.equal((await get(server, '/loki/api/v1/drilldown-limits', {}, { 'x-scope-orgid': 'fake' })).status, 404)
})

test('says which version it answers as', async (t) => {
  const answer = await get(await loki(t, { version: '3.7.6' }), '/loki/api/v1/status/buildinfo')
  assert.equal((JSON.parse(answer.text) as { version: string }).version, '3.7.6')
})
