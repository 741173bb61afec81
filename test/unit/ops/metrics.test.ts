import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { extname } from 'node:path'
import { suite, test } from 'node:test'
import type { Answer } from '../../../src/sink/classify.ts'
import { createMetrics, metricsMarkdown, QUEUE_STAGES } from '../../../src/ops/metrics.ts'
import { pushStatus, PUSH_STATUSES } from '../../../src/ops/push-status.ts'
import { RETRY_REASONS } from '../../../src/sink/classify.ts'
import { RESEND_REASONS } from '../../../src/sink/doubt.ts'
import { WORKER_FAILURES } from '../../../src/worker/pool/failure.ts'

// The processes started here load the module in the form of this test: compiled or source.
const extension = extname(import.meta.url)

function create (processMetrics = false) {
  return createMetrics({
    version: '1.2.3',
    addresses: ['a/1', 'b/2'],
    quarantineReasons: ['invalid_json', 'empty'],
    mendReasons: ['utf8'],
    deadLetterReasons: ['too_old'],
    dropRules: ['debug'],
    redactRules: ['token'],
    processMetrics
  })
}

/** Returns the exposition without comments, histogram buckets and empty lines. */
async function series (metrics: ReturnType<typeof create>): Promise<string[]> {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'))
}

function perLabel (name: string, label: string, values: readonly string[], suffixes: readonly string[] = ['']): string[] {
  return values.flatMap((value) => suffixes.map((suffix) => `${name}${suffix}{${label}="${value}"} 0`))
}

test('before anything happened every series of a closed label set is there, at 0', async () => {
  const addresses = ['a/1', 'b/2']
  const counted = (name: string) => [`${name}_sum 0`, `${name}_count 0`]
  const expected = [
    ...[
      'messages_received', 'received_bytes', 'messages_settled', 'records_received', 'records_stored', 'records_redelivered'
    ].flatMap((name) => perLabel(`lokean_${name}_total`, 'address', addresses)),
    ...perLabel('lokean_records_quarantined_total', 'reason', ['invalid_json', 'empty']),
    'lokean_records_found_total 0',
    ...perLabel('lokean_records_mended_total', 'reason', ['utf8']),
    ...perLabel('lokean_records_joined_total', 'address', addresses),
    ...perLabel('lokean_records_empty_total', 'address', addresses),
    ...perLabel('lokean_records_dropped_total', 'rule', ['debug']),
    ...perLabel('lokean_records_redacted_total', 'rule', ['token']),
    ...perLabel('lokean_records_dead_lettered_total', 'reason', ['too_old']),
    ...perLabel('lokean_pushes_total', 'status', PUSH_STATUSES),
    ...perLabel('lokean_push_retries_total', 'reason', RETRY_REASONS),
    ...perLabel('lokean_records_resent_total', 'reason', RESEND_REASONS),
    ...perLabel('lokean_worker_failures_total', 'kind', WORKER_FAILURES),
    'lokean_dead_letters_deleted_total 0',
    'lokean_worker_busy_seconds_total 0',
    'lokean_bus_connects_total 0',
    'lokean_bus_disconnects_total 0',
    ...perLabel('lokean_lag_seconds', 'address', addresses, ['_sum', '_count']),
    ...[
      'batch_bytes', 'batch_records', 'encode_duration_seconds', 'push_duration_seconds', 'push_bytes', 'push_uncompressed_bytes',
      'push_records', 'push_parts'
    ].flatMap((name) => counted(`lokean_${name}`)),
    `lokean_build_info{version="1.2.3",node="${process.version}"} 1`,
    ...[
      'link_up', 'credit', 'inflight_bytes', 'inflight_bytes_limit', 'oldest_unsettled_seconds'
    ].flatMap((name) => perLabel(`lokean_${name}`, 'address', addresses)),
    ...perLabel('lokean_queue_bytes', 'stage', QUEUE_STAGES),
    'lokean_workers 0',
    'lokean_streams 0',
    'lokean_sink_lanes 0',
    ...perLabel('lokean_sink_lanes_waiting', 'reason', RETRY_REASONS),
    'lokean_dead_letter_bytes 0',
    'lokean_dead_letter_bytes_limit 0',
    'lokean_dead_letter_blocked 0',
    'lokean_last_push_success_timestamp_seconds 0'
  ]
  assert.deepEqual((await series(create())).sort(), expected.sort())
})

test('names follow the field: a prefix, base units, _total for counters alone', () => {
  for (const { name, type, help } of create().registry.getMetricsAsArray()) {
    assert.match(name, /^lokean_[a-z][a-z0-9_]*[a-z0-9]$/)
    assert.equal(name.endsWith('_total'), String(type) === 'counter', name)
    assert.doesNotMatch(name, /_(?:ms|millis|kb|mb|minutes)(?:_|$)/)
    assert.doesNotMatch(help, /\.$|\n/)
  }
})

test('counters and histograms count', async () => {
  const metrics = create()
  metrics.recordsStored.inc({ address: 'a/1' }, 100)
  metrics.recordsQuarantined.inc({ reason: 'empty' })
  metrics.pushes.inc({ status: pushStatus({ kind: 'stored', status: 204 }) })
  metrics.pushRetries.inc({ reason: '429' }, 2)
  metrics.pushDuration.observe(0.02)
  metrics.lag.observe({ address: 'b/2' }, 7200)
  metrics.lastPushSuccess.set(1800000000)
  const text = await metrics.registry.metrics()
  for (const line of [
    'lokean_records_stored_total{address="a/1"} 100', 'lokean_records_quarantined_total{reason="empty"} 1',
    'lokean_pushes_total{status="2xx"} 1', 'lokean_push_retries_total{reason="429"} 2',
    'lokean_push_duration_seconds_bucket{le="0.01"} 0', 'lokean_push_duration_seconds_bucket{le="0.025"} 1',
    'lokean_lag_seconds_bucket{le="3600",address="b/2"} 0',
    'lokean_lag_seconds_bucket{le="14400",address="b/2"} 1', 'lokean_last_push_success_timestamp_seconds 1800000000',
    '# HELP lokean_records_stored_total Records that are stored, in quarantine or in a dead-letter file, those of messages delivered again included', '# TYPE lokean_records_stored_total counter'
  ]) assert.ok(text.split('\n').includes(line), line)
})

suite('derived gauges', () => {
  test('are read when scraped, each time, and not before', async () => {
    const metrics = create()
    let reads = 0
    metrics.workers.from(() => ++reads)
    assert.equal(reads, 0)
    assert.ok((await series(metrics)).includes('lokean_workers 1'))
    metrics.queueBytes.from(() => [['batch', 10], ['sink', 32]])
    const second = await series(metrics)
    for (const line of [
      'lokean_workers 2', 'lokean_queue_bytes{stage="batch"} 10', 'lokean_queue_bytes{stage="worker"} 0',
      'lokean_queue_bytes{stage="sink"} 32'
    ]) assert.ok(second.includes(line), line)
  })

  test('take a map of addresses', async () => {
    const metrics = create()
    metrics.credit.from(() => new Map([['a/1', 250]]))
    metrics.linkUp.from(() => [['a/1', 1]])
    const lines = await series(metrics)
    for (const line of ['lokean_credit{address="a/1"} 250', 'lokean_credit{address="b/2"} 0', 'lokean_link_up{address="a/1"} 1']) {
      assert.ok(lines.includes(line), line)
    }
  })
})

test('each HTTP status has one label', () => {
  const cases: Array<[Answer, string]> = [
    [{ kind: 'stored', status: 204 }, '2xx'], [{ kind: 'stored', status: 200 }, '2xx'],
    [{ kind: 'rejected', status: 400, message: '', fault: 'unknown' }, '400'],
    [{ kind: 'rejected', status: 413, message: '', fault: 'size' }, '4xx'],
    ...([
      [200, 'other'], [260, 'other'], [302, 'other'], [401, '4xx'], [429, '429'], [500, '5xx'], [503, '5xx'], [599, '5xx'], [600, 'other'],
      [undefined, 'none']
    ] as const)
      .map(([status, label]): [Answer, string] => [{ kind: 'retry', reason: 'blocked', message: '', status }, label])
  ]
  for (const [answer, label] of cases) assert.equal(pushStatus(answer), label, JSON.stringify(answer))
})

test('two registries share nothing but the process\'s own metrics', async () => {
  const [one, two] = [create(true), create(true)]
  one.busConnects.from(() => 1)
  const [first, second] = [await one.registry.metrics(), await two.registry.metrics()]
  assert.match(first, /^lokean_bus_connects_total 1$/m)
  assert.match(second, /^lokean_bus_connects_total 0$/m)
  for (const text of [first, second]) {
    for (const name of [
      'process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes'
    ]) {
      assert.match(text, new RegExp(`^${name} `, 'm'))
    }
  }
  assert.doesNotMatch(await create(false).registry.metrics(), /nodejs_/)
  assert.doesNotMatch(await create(true).registry.metrics(), /^# TYPE \S+_total (?!counter)/m, 'the name of a counter is for counters')
})

test('the process\'s own metrics keep no process alive', () => {
  const script = `import('${new URL(`../../../src/ops/metrics${extension}`, import.meta.url).href}').then(async ({ createMetrics }) => {
    const options = { version: '1', addresses: [], quarantineReasons: [], mendReasons: [], deadLetterReasons: [] }
    for (let i = 0; i < 20; i++) await createMetrics(options).registry.metrics()
    console.log('done') })`
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual([result.status, result.stdout, result.stderr], [0, 'done\n', ''])
})

test('the Markdown table has one row for each metric of ours', () => {
  const { registry } = create(true)
  const [header, rule, ...rows] = metricsMarkdown(registry).trimEnd().split('\n')
  assert.equal(header, '| name | type | labels | meaning |')
  assert.equal(rule, '| --- | --- | --- | --- |')
  const names = registry.getMetricsAsArray().map(({ name }) => name).filter((name) => name.startsWith('lokean_'))
  assert.deepEqual(rows.map((row) => /^\| `(\w+)` \| (?:counter|gauge|histogram) \| [^|]* \| [^|]+ \|$/.exec(row)?.[1]), names)
  assert.ok(rows.includes('| `lokean_credit` | gauge | `address` | Messages the bus may send at this moment |'))
  assert.ok(rows.includes('| `lokean_build_info` | gauge | `version`, `node` | Always 1; which Lokean runs on which Node |'))
})
