import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

test('what stands still has a series: its age, why shards wait, when each tenant last had something stored', async t => {
  const stack = await Stack.start(t, {
    env: {
      LOKEAN_AMQP_ADDRESSES: 'a;tenant=good,b;tenant=bad', LOKEAN_DRAIN_TIMEOUT: '100ms', LOKEAN_MAX_STREAMS: '900'
    },
    loki: { authEnabled: true, intercept: ({ tenant }) => tenant === 'bad' ? { kind: 'answer', status: 401, text: 'no' } : undefined }
  })
  assert.equal(await stack.metric('lokean_oldest_unsettled_seconds', { address: 'b' }), 0)
  for (const reason of ['429', '5xx', 'timeout', 'connection', 'blocked']) {
    assert.equal(await stack.metric('lokean_sink_lanes_waiting', { reason }), 0)
  }
  assert.equal(await stack.metric('lokean_tenant_last_push_success_timestamp_seconds', { tenant: 'bad' }), 0)
  assert.equal(await stack.metric('lokean_tenant_waiting_bytes', { tenant: 'bad' }), 0)
  const [good, bad] = [await stack.sender('a'), await stack.sender('b')]
  void bad.send(message([record()]))
  await until('it waits', () => stack.log.some(line => line.includes('401')))
  assert.equal(await good.send(message([record(), record({ host: 'other' })])), 'accepted')
  assert.equal(await stack.metric('lokean_sink_lanes_waiting', { reason: 'blocked' }), 1)
  assert.match(stack.pipeline.status().checks.loki.mend ?? '', /LOKEAN_LOKI_TOKEN/)
  assert.ok(await stack.metric('lokean_oldest_unsettled_seconds', { address: 'b' }) > 0)
  assert.equal(await stack.metric('lokean_oldest_unsettled_seconds', { address: 'a' }), 0)
  const now = Date.now() / 1000
  const stored = await stack.metric('lokean_tenant_last_push_success_timestamp_seconds', { tenant: 'good' })
  assert.ok(stored > now - 600 && stored <= now)
  assert.ok(await stack.metric('lokean_tenant_waiting_bytes', { tenant: 'bad' }) > 0)
  assert.equal(await stack.metric('lokean_tenant_waiting_bytes', { tenant: 'good' }), 0)
  assert.equal(await stack.metric('lokean_tenant_streams', { tenant: 'good' }), 2)
  assert.equal(await stack.metric('lokean_tenant_streams_limit', { tenant: 'good' }), 900)
})

test('the limit on streams is the one that Loki tells where no setting says another', async t => {
  const stack = await Stack.start(t, { loki: { version: '3.7.6', limits: { streams: 1234 }, publishedLimits: [] } })
  assert.equal(await (await stack.sender()).send(message([record()])), 'accepted')
  for (let i = 0; i < 1_000; i++) {
    const text = await stack.metrics.registry.metrics()
    if (text.includes('lokean_tenant_streams_limit{tenant=""} 1234')) return
    await new Promise(resolve => { setImmediate(resolve) })
  }
  assert.fail('no limit is told')
})
