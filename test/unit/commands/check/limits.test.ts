import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareLimits, limitWarnings } from '../../../../src/commands/check/limits.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import type { TenantLimits } from '../../../../src/sink/tenant-limits.ts'

function warnings (limits: TenantLimits, env: Record<string, string> = {}): string[] {
  const { config } = loadConfig(env)
  return limitWarnings(limits, config, config.addresses)
}

test('limits that hold the settings are passed over', () => {
  assert.deepEqual(warnings({
    maxLineBytes: 262_144,
    cutsLines: true,
    maxAgeMs: 7 * 86_400_000,
    maxAheadMs: 600_000,
    maxStreams: 5_000,
    burstBytes: 1_048_576,
    maxLabels: 6,
    enforcedLabels: [],
    takesMetadata: true,
    shardsStreams: false,
    movesEqualTimes: false
  }), [])
  assert.deepEqual(warnings({}), [])
  assert.deepEqual(warnings({ takesMetadata: false }, { LOKEAN_METADATA: 'off' }), [])
  assert.deepEqual(warnings({ maxLabels: 5 }, { LOKEAN_BACKLOG_LABEL: 'off' }), [])
  assert.deepEqual(warnings({ maxStreams: 2_000 }, { LOKEAN_MAX_STREAMS: '2000' }), [])
  assert.deepEqual(warnings({ enforcedLabels: ['cluster'] }, { LOKEAN_AMQP_ADDRESSES: 'a;cluster=x' }), [])
  assert.deepEqual(warnings({ enforcedLabels: ['cluster'] }, { LOKEAN_LOKI_LABELS: 'cluster=x' }), [])
})

test('each limit that is narrower than its setting is warned of by both names', () => {
  const cases: Array<[limits: TenantLimits, warning: RegExp, env?: Record<string, string>]> = [
    [{ maxLineBytes: 256_000 }, /^max_line_size is 256000 bytes, and Loki refuses longer lines: set LOKEAN_LOKI_MAX_LINE_BYTES=256000 \(now 262144\)/],
    [{ maxLineBytes: 256_000, cutsLines: true }, /^max_line_size .* Loki cuts longer lines/],
    [{ burstBytes: 524_288 }, /^ingestion_burst_size_mb is 524288 bytes.*LOKEAN_PUSH_BYTES=524288 or less \(now 1048576\)/],
    [{ maxStreams: 1_000 }, /max_global_streams_per_user is 1000.*LOKEAN_MAX_STREAMS=1000 \(now unset\)/],
    [{ maxStreams: 6_000 }, /LOKEAN_MAX_STREAMS=6000 \(now 7000\)/, { LOKEAN_MAX_STREAMS: '7000' }],
    [{ maxAgeMs: 86_400_000 }, /^reject_old_samples_max_age is 24h.*LOKEAN_LOKI_MAX_AGE=24h \(now 168h\)/],
    [{ maxAheadMs: 90_000 }, /^creation_grace_period is 90s.*LOKEAN_LOKI_MAX_AHEAD=90s \(now 10m\)/],
    [{ maxAheadMs: 1_500 }, /LOKEAN_LOKI_MAX_AHEAD=1500ms/],
    [{ maxLabels: 5 }, /^max_label_names_per_series is 5, .* from a can have 6 labels: LOKEAN_LABELS/, { LOKEAN_AMQP_ADDRESSES: 'a;rack=1' }],
    [{ maxLabels: 6 }, /can have 7 labels/, { LOKEAN_AMQP_ADDRESSES: 'a;rack=1', LOKEAN_LOKI_LABELS: 'cluster=x' }],
    [{ maxLabels: 5 }, /^max_label_names_per_series is 5, .* too far behind its stream can have 6 labels: set LOKEAN_BACKLOG_LABEL=off/],
    [{ enforcedLabels: ['cluster', 'rack'] }, /wants cluster, which no record from a has.*\(a;cluster=value\)/, { LOKEAN_AMQP_ADDRESSES: 'a;rack=1' }],
    [{ enforcedLabels: ['cloud'] }, /wants cloud, which only records from a have, and no quarantined one.*\(a;cloud=value\)/, { LOKEAN_AMQP_ADDRESSES: 'a' }],
    [{ takesMetadata: false }, /^allow_structured_metadata is false.*LOKEAN_METADATA=off$/],
    [{ shardsStreams: true }, /^shard_streams is enabled: .*stored twice$/],
    [{ movesEqualTimes: true }, /^increment_duplicate_timestamp is true: .*stored twice$/]
  ]
  for (const [limits, warning, env] of cases) {
    const [found = '', ...more] = warnings(limits, env)
    assert.match(found, warning)
    assert.deepEqual(more, [], found)
  }
})

test('each tenant is asked once, and compared with its own addresses', async () => {
  const { config } = loadConfig({ LOKEAN_AMQP_ADDRESSES: 'a;tenant=t1,b;tenant=t1;cluster=x,c;tenant=t2' })
  const asked: string[] = []
  const get = async (_: number, tenant: string, path: string): Promise<{ status: number, text: string }> => {
    if (path.endsWith('/buildinfo')) return { status: 200, text: '{"version":"3.7.6"}' }
    asked.push(tenant)
    return tenant === 't1' ? { status: 200, text: 'enforced_labels: [cluster]' } : { status: 404, text: '404 page not found' }
  }
  const found = await compareLimits({ get }, 0, config, new AbortController().signal)
  assert.deepEqual(asked, ['t1', 't2'])
  assert.deepEqual(found.map(({ tenant, told, warnings }) => [tenant, told, warnings.length]), [['t1', true, 1], ['t2', false, 0]])
  assert.match(found[0].warnings[0], /no record from a has/)
})
