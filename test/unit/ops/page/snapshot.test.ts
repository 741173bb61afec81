import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMetrics } from '../../../../src/ops/metrics.ts'
import { type Sample, SampleWindow, takeSample } from '../../../../src/ops/page/sample.ts'
import { makeSnapshot, type Snapshot, type Surroundings } from '../../../../src/ops/page/snapshot.ts'

const ok = { ok: true, detail: '' }
const surroundings: Surroundings = { version: '1', shards: 4, inflightBytes: 2000, checks: { bus: ok, loki: ok }, hosts: [], problems: [] }

function setUp () {
  const metrics = createMetrics({
    version: '1',
    addresses: ['a', 'b'],
    quarantineReasons: ['empty', 'too_old', 'no_labels'],
    mendReasons: ['utf8'],
    deadLetterReasons: ['refused'],
    dropRules: ['debug'],
    redactRules: ['token'],
    processMetrics: false
  })
  metrics.workers.from(() => 2)
  metrics.linkUp.from(() => [['a', 1], ['b', 0]])
  metrics.inflightBytesLimit.from(() => [['a', 1000], ['b', 1000]])
  return metrics
}

/** Takes samples that lie one second apart, whatever the real time. */
async function look (metrics: ReturnType<typeof setUp>, steps: Array<() => void>, busyMs = 0): Promise<Sample[]> {
  const samples = [await takeSample(metrics.registry)]
  for (const step of steps) {
    step()
    samples.push(await takeSample(metrics.registry))
  }
  return samples.map((sample, i) => ({ ...sample, atMs: 5000 + i * 1000, busyMs: i * busyMs }))
}

async function snapshot (
  metrics: ReturnType<typeof setUp>, steps: Array<() => void>, changed: Partial<Surroundings> = {}, busyMs = 0
): Promise<Snapshot> {
  return makeSnapshot(await look(metrics, steps, busyMs), { ...surroundings, ...changed })
}

test('each rule has its count, and its rate of the window', async () => {
  const metrics = setUp()
  metrics.recordsDropped.inc({ rule: 'debug' }, 10)
  const { rules } = await snapshot(metrics, [() => { metrics.recordsDropped.inc({ rule: 'debug' }, 4) }, () => {}])
  assert.deepEqual(rules, [
    { rule: 'debug', does: 'dropped', records: 14, perSecond: 2 }, { rule: 'token', does: 'redacted', records: 0, perSecond: 0 }
  ])
})

test('counters become rates of the window, and totals of what was before it', async () => {
  const metrics = setUp()
  metrics.recordsReceived.inc({ address: 'a' }, 1000)
  metrics.recordsStored.inc({ address: 'a' }, 1000)
  const step = () => {
    metrics.messagesReceived.add('a', 5)
    metrics.messagesReceived.add('b', 1)
    metrics.receivedBytes.add('a', 2000)
    metrics.recordsReceived.inc({ address: 'a' }, 100)
    metrics.recordsStored.inc({ address: 'b' }, 40)
    metrics.pushes.inc({ status: '2xx' }, 3)
    metrics.pushes.inc({ status: '5xx' })
    metrics.pushRetries.inc({ reason: '5xx' })
    metrics.recordsResent.inc({ reason: '5xx' }, 7)
    metrics.recordsResent.inc({ reason: 'timeout' }, 3)
    metrics.recordsFound.inc(4)
    metrics.recordsRedelivered.inc({ address: 'b' }, 6)
  }
  const { seconds, bus, workers, loki, totals, addresses } = await snapshot(metrics, [step, step])
  assert.equal(seconds, 2)
  assert.deepEqual([bus.messagesPerSecond, bus.bytesPerSecond, bus.linksUp, bus.links], [6, 2000, 1, 2])
  assert.equal(workers.recordsPerSecond, 100)
  assert.deepEqual([loki.pushesPerSecond, loki.recordsPerSecond, loki.retriesPerSecond], [4, 40, 1])
  assert.deepEqual([totals.received, totals.stored, totals.retries], [1200, 1080, 2])
  assert.deepEqual([totals.resent, totals.found, totals.redelivered], [20, 8, 12])
  assert.deepEqual(addresses.map(({ address, up, recordsPerSecond }) => [address, up, recordsPerSecond]), [
    ['a', true, 100], ['b', false, 0]
  ])
})

test('it has the names and the values that /metrics has: none of those that it reads is missing there', async () => {
  const metrics = setUp()
  metrics.batchRecords.observe(10)
  const { values } = await takeSample(metrics.registry)
  const text = await metrics.registry.metrics()
  for (const name of values.keys()) assert.match(text, new RegExp(`^lokean_${name}[ {]`, 'm'))
  assert.ok([
    'messages_received_total', 'lag_seconds_bucket', 'queue_bytes', 'streams', 'sink_lanes', 'sink_lanes_waiting',
    'oldest_unsettled_seconds', 'push_duration_seconds_sum'
  ].every(name => values.has(name)))
})

test('durations are of the window alone, and unknown where nothing was measured in it', async () => {
  const metrics = setUp()
  metrics.pushDuration.observe(30)
  metrics.lag.observe({ address: 'a' }, 1000)
  const before = await snapshot(metrics, [() => {}])
  assert.deepEqual([
    before.loki.seconds, before.loki.p99Seconds, before.lag.meanSeconds, before.addresses[0].lagSeconds
  ], [undefined, undefined, undefined, undefined])
  const { loki, lag, addresses } = await snapshot(metrics, [() => {
    metrics.pushDuration.observe(0.2)
    metrics.pushDuration.observe(0.4)
    metrics.lag.observe({ address: 'b' }, 2)
  }])
  assert.ok(Math.abs((loki.seconds ?? 0) - 0.3) < 1e-9)
  assert.deepEqual([lag.meanSeconds, addresses[0].lagSeconds, addresses[1].lagSeconds], [2, undefined, 2])
})

test('workers are busy by the time that tasks take, of all of them', async () => {
  const metrics = setUp()
  let seconds = 7
  metrics.workerBusy.from(() => seconds)
  const { workers, bottleneck } = await snapshot(metrics, [() => {
    seconds += 1
    metrics.messagesReceived.add('a', 1)
  }])
  assert.ok(Math.abs(workers.busy - 0.5) < 1e-9)
  assert.equal(bottleneck.kind, 'keeping_up')
})

suite('the bottleneck from the metrics themselves', () => {
  const arriving = (metrics: ReturnType<typeof setUp>) => () => { metrics.messagesReceived.add('a', 1) }

  test('busy workers, at most all of the time', async () => {
    const metrics = setUp()
    let seconds = 0
    metrics.workerBusy.from(() => seconds)
    const { workers, bottleneck } = await snapshot(metrics, [() => { seconds += 5; arriving(metrics)() }])
    assert.deepEqual([workers.busy, bottleneck.kind], [1, 'workers'])
  })

  test('a busy main thread', async () => {
    const metrics = setUp()
    const { batch, bottleneck } = await snapshot(metrics, [arriving(metrics)], {}, 960)
    assert.deepEqual([batch.mainThreadBusy, bottleneck.kind], [0.96, 'main_thread'])
  })

  test('one address whose budget is full counts, and for the whole window', async () => {
    const metrics = setUp()
    let used = 0
    metrics.inflightBytes.from(() => [['a', used], ['b', 0]])
    metrics.queueBytes.from(() => [['batch', 0], ['worker', 0], ['sink', 77]])
    const fill = () => { used = 1000; arriving(metrics)() }
    assert.equal((await snapshot(metrics, [fill])).bottleneck.kind, 'keeping_up', 'half of the time is not full')
    const { credit, bottleneck } = await snapshot(metrics, [fill, fill])
    assert.deepEqual([credit.fill, credit.inflightBytes, bottleneck.kind], [1, 1000, 'loki_slow'])
  })

  test('limits of a tenant', async () => {
    const metrics = setUp()
    assert.equal(
      (await snapshot(metrics, [() => { arriving(metrics)(); metrics.pushRetries.inc({ reason: '429' }) }])).bottleneck.kind, 'loki_limits'
    )
  })

  test('a shard that is blocked, until it is not', async () => {
    const metrics = setUp()
    let blocked = 1
    metrics.sinkShardsWaiting.from(() => [['blocked', blocked]])
    const check = { ok: true, detail: 'pushes are stored', mend: 'mend it' }
    const { ready, bottleneck } = await snapshot(metrics, [() => {}], { checks: { bus: ok, loki: check } })
    assert.deepEqual([ready, bottleneck.kind], [true, 'blocked'])
    assert.match(bottleneck.advice, /mend it/)
    assert.equal((await snapshot(metrics, [() => { blocked = 0 }])).bottleneck.kind, 'quiet')
  })

  test('a neighbour that is not there', async () => {
    const { ready, bottleneck } = await snapshot(setUp(), [() => {}], { checks: { bus: ok, loki: { ok: false, detail: '5xx: no' } } })
    assert.deepEqual([ready, bottleneck.kind, bottleneck.advice], [false, 'loki_down', '5xx: no. Records are held; none is lost.'])
  })
})

test('shards that wait, by reason, the most first, without reasons for which none does', async () => {
  const metrics = setUp()
  let limited = 1
  metrics.sinkShardsWaiting.from(() => [['429', limited], ['timeout', 3]])
  const { shards } = await snapshot(metrics, [() => { limited = 2 }])
  assert.deepEqual(shards.waiting, [{ reason: 'timeout', count: 3 }, { reason: '429', count: 2 }])
  assert.deepEqual((await snapshot(setUp(), [() => {}])).shards.waiting, [])
})

test('the loudest hosts are those that it is given', async () => {
  const given = [{ host: '{host="a"}', recordsPerSecond: 12.5 }]
  assert.deepEqual((await snapshot(setUp(), [() => {}], { hosts: given })).hosts, given)
})

test('the age of the oldest unsettled delivery is each address\'s own, as of now', async () => {
  const metrics = setUp()
  let age = 1
  metrics.oldestUnsettled.from(() => [['a', 0], ['b', age]])
  const { addresses } = await snapshot(metrics, [() => { age = 61 }])
  assert.deepEqual(addresses.map(({ oldestUnsettledSeconds }) => oldestUnsettledSeconds), [0, 61])
})

test('quarantine by reason, the most first, without those that are not there', async () => {
  const metrics = setUp()
  metrics.recordsQuarantined.inc({ reason: 'empty' }, 2)
  const { quarantine, totals } = await snapshot(metrics, [() => metrics.recordsQuarantined.inc({ reason: 'too_old' }, 5)])
  assert.deepEqual(quarantine, [{ reason: 'too_old', records: 5, perSecond: 5 }, { reason: 'empty', records: 2, perSecond: 0 }])
  assert.equal(totals.quarantined, 7)
})

suite('quantiles', () => {
  const window = (buckets: Record<string, number>): SampleWindow => {
    const counts = new Map(Object.entries(buckets))
    const empty: Sample = { atMs: 0, busyMs: 0, values: new Map() }
    return new SampleWindow([
      empty, { atMs: 1000, busyMs: 0, values: new Map([['x_bucket', counts], ['x_count', new Map([['', counts.get('+Inf') ?? 0]])]]) }
    ])
  }

  test('within a bucket, evenly', () => assert.equal(window({ 1: 10, 3: 20, '+Inf': 20 }).quantile('x', 0.75), 2))
  test('in the first, from 0', () => assert.equal(window({ 1: 10, 3: 10, '+Inf': 10 }).quantile('x', 0.5), 0.5))
  test('in the last, where it begins', () => assert.equal(window({ 1: 1, 3: 1, '+Inf': 10 }).quantile('x', 0.99), 3))
  test('of nothing, none', () => assert.equal(window({ 1: 0, '+Inf': 0 }).quantile('x', 0.5), undefined))
})
