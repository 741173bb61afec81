import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

/**
 * Loki 3.4 answers only for the last stream of a push. A 204 then hides earlier streams that its ingester refused. The
 * embedded Loki does the same, so these tests would lose records if a push ended with a known stream.
 */
test('streams over Loki\'s limit are not lost behind a 204: their message is not accepted', async t => {
  const stack = await Stack.start(t, {
    loki: { limits: { streams: 20 } }, env: { LOKEAN_SHARDS: '1', LOKEAN_DRAIN_TIMEOUT: '100ms' }
  })
  const sender = await stack.sender()
  const known = Array.from({ length: 20 }, (_, i) => record({ source: `known-${i}`, message: `first of ${i}` }))
  assert.equal(await sender.send(message(known)), 'accepted')

  // A new stream comes before known ones. In message order the push would end with a known stream, and Loki would
  // answer 204.
  void sender.send(message([
    record({ source: 'new', message: 'must not be lost' }),
    ...Array.from({ length: 20 }, (_, i) => record({ source: `known-${i}`, message: `second of ${i}` }))
  ]))
  await until('Loki turned the new stream away', () => stack.loki.stats().rejected.stream_limit > 0)
  await until(
    'that was the answer to the push',
    () => stack.log.some(line => line.includes('429') && line.includes('Maximum active stream limit exceeded'))
  )
  await stack.stop()
  assert.equal(stack.bus.stats()['rsyslog/logs'].accepted, 1, 'the first, and not the second')
})

test('nor after a restart, when Lokean knows no stream of those that Loki does', async t => {
  const one = { LOKEAN_SHARDS: '1', LOKEAN_DRAIN_TIMEOUT: '100ms' }
  const before = await Stack.start(t, { loki: { limits: { streams: 2 } }, env: one })
  const first = await before.sender()
  assert.equal(await first.send(message([record({ source: 'a' }), record({ source: 'b' })])), 'accepted')
  await before.stop()
  const stack = await Stack.start(t, { env: { ...one, LOKEAN_LOKI_URL: before.loki.url } })
  const sender = await stack.sender()
  void sender.send(message([record({ source: 'new' }), record({ source: 'a' }), record({ source: 'b' })]))
  await until('that was the answer to a push', () => stack.log.some(line => line.includes('Maximum active stream limit exceeded')))
  await stack.stop()
  assert.equal(stack.bus.stats()['rsyslog/logs'].accepted, 0)
})
