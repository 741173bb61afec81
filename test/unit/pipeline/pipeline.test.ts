import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { type EmbeddedLoki, startLoki } from '../../../src/embedded/loki/server.ts'
import { createMetrics, type Metrics } from '../../../src/ops/metrics.ts'
import { Pipeline } from '../../../src/pipeline/pipeline.ts'
import type { Budget } from '../../../src/source/budget/budget.ts'
import type { Source } from '../../../src/source/source.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../../src/worker/messages/reasons.ts'
import { Cleanup } from '../../helpers/cleanup.ts'
import { collectedLog } from '../../helpers/collected-log.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { ListSource } from '../../helpers/list-source.ts'
import { record } from '../../helpers/messages.ts'
import { until } from '../../helpers/until.ts'

interface Running { pipeline: Pipeline, source: ListSource, budget: Budget, loki: EmbeddedLoki, metrics: Metrics, close (): Promise<void> }

interface Setup { gate?: Promise<void>, env?: Record<string, string>, whenGone?: Source['whenGone'] }

/**
 * Runs the pipeline between a source that the test drives and an embedded Loki, which answers after `gate` resolves.
 */
async function running (t: TestContext, { gate, env = {}, whenGone }: Setup = {}): Promise<Running> {
  const cleanup = Cleanup.of(t)
  const loki = await startLoki({ intercept: gate === undefined ? undefined : () => ({ kind: 'hang', release: gate }) })
  cleanup.add(async () => { await loki.close() })
  const { config } = loadConfig({ LOKEAN_LOKI_URL: loki.url, LOKEAN_WORKERS: '1', LOKEAN_AMQP_ADDRESSES: 'list', ...env })
  const metrics = createMetrics({
    version: 't',
    addresses: ['list'],
    quarantineReasons: QUARANTINE_REASONS,
    mendReasons: MEND_REASONS,
    deadLetterReasons: ['refused'],
    processMetrics: false
  })
  let opened: { source: ListSource, budget: Budget } | undefined
  const pipeline = await Pipeline.create({
    config,
    log: collectedLog().log,
    metrics,
    version: 't',
    openSources: async (_config, budgetOf) => {
      const budget = budgetOf('list')
      opened = { source: new ListSource(budget, whenGone), budget }
      return [opened.source]
    }
  })
  cleanup.add(async () => { await pipeline.close() })
  pipeline.start()
  const { source, budget } = opened as NonNullable<typeof opened>
  return { pipeline, source, budget, loki, metrics, close: async () => { await pipeline.close() } }
}

function stored (loki: EmbeddedLoki): number {
  let entries = 0
  loki.store.forEach(() => { entries++ })
  return entries
}

/** Makes a delivery of the format `records`. */
function delivery (...records: string[]): Buffer {
  return Buffer.concat(records.flatMap(text => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(text))
    return [length, Buffer.from(text)]
  }))
}

test('what any source delivers is stored, then settled over its connection, and the budget is granted again', async t => {
  const { pipeline, source, budget, loki } = await running(t)
  for (const seq of [1, 2, 3]) source.deliver(delivery(record({ message: `one ${seq}` }), record({ message: `two ${seq}` })))
  assert.ok(budget.used > 0)
  await until('all are settled', () => source.settled.reduce((sum, [first, last]) => sum + last - first + 1, 0) === 3)
  assert.equal(stored(loki), 6)
  assert.equal(budget.used, 0)
  assert.ok(source.calls.every(call => call === 'grant list') && source.calls.length > 0)
  assert.deepEqual(pipeline.status().checks.list, { ok: true, detail: 'here' })
})

test('what lost its connection while it waited is not stored, where it comes again; its room comes back', async t => {
  const { source, budget, loki, metrics } = await running(t)
  const connection = { gone: false }
  source.deliver(delivery(record({ message: 'over a connection that goes' })), connection)
  source.deliver(delivery(record({ message: 'over one that stays' })))
  source.lose(connection)
  await until('the room is back', () => budget.used === 0)
  assert.deepEqual([stored(loki), source.settled], [1, [[1, 1]]])
  const text = await metrics.registry.metrics()
  assert.match(text, /^lokean_records_received_total\{address="list"\} 1$/m)
  assert.match(text, /^lokean_messages_settled_total\{address="list"\} 1$/m)
})

test('a stop does not wait for what comes again over another connection', async t => {
  const { pipeline, source, loki } = await running(t)
  const connection = { gone: false }
  source.deliver(delivery(record({ message: 'over a connection that goes' })), connection)
  source.lose(connection)
  assert.deepEqual(await pipeline.stop(), { unsettledBytes: 0 })
  assert.equal(stored(loki), 0)
})

test('what lost its connection is stored all the same, and settled to nobody, where its sender may have forgotten it', async t => {
  const { source, budget, loki } = await running(t, { whenGone: 'kept' })
  const connection = { gone: false }
  source.deliver(delivery(record({ message: 'over a connection that goes' })), connection)
  source.lose(connection)
  await until('the room is back', () => budget.used === 0)
  assert.deepEqual([stored(loki), source.settled], [1, []])
})

test('what lost its connection on the way to Loki is stored and settled to nobody; its room comes back', async t => {
  const gate = new Deferred<void>()
  const { source, budget, loki } = await running(t, { gate: gate.promise })
  const connection = { gone: false }
  source.deliver(delivery(record({ message: 'over a connection that goes' })), connection)
  await Promise.resolve()
  source.lose(connection)
  gate.resolve()
  await until('the room is back', () => budget.used === 0)
  assert.deepEqual([stored(loki), source.settled], [1, []])
})

test('what comes again after it was stored is counted, as is what the source knows to come again', async t => {
  for (const [whenGone, counted] of [['redelivered', 5], ['kept', 3]] as const) {
    const gate = new Deferred<void>()
    const { source, budget, metrics } = await running(t, { gate: gate.promise, whenGone })
    const [connection, message] = [{ gone: false }, delivery(record({ message: 'one' }), record({ message: 'two' }))]
    source.deliver(message, connection)
    await Promise.resolve()
    source.lose(connection)
    source.deliver(message)
    source.deliver(delivery(record(), record(), record()), undefined, true)
    gate.resolve()
    await until('all are settled', () => budget.used === 0)
    assert.match(await metrics.registry.metrics(), new RegExp(`^lokean_records_redelivered_total{address="list"} ${counted}$`, 'm'))
  }
})

test('a stop has the source take no more, stores and settles what is here, then closes', async t => {
  const gate = new Deferred<void>()
  const { pipeline, source } = await running(t, { gate: gate.promise })
  source.deliver(delivery(record({ message: 'late' })))
  const stopped = pipeline.stop()
  await until('it is asked to stop', () => source.calls.includes('stop'))
  assert.ok(!source.calls.includes('close'))
  gate.resolve()
  assert.deepEqual(await stopped, { unsettledBytes: 0 })
  assert.deepEqual(source.settled, [[0, 0]])
  assert.equal(source.calls.at(-1), 'close')
})

test('a stop that meets its deadline leaves the rest unsettled, and says how much', async t => {
  const gate = new Deferred<void>()
  const { pipeline, source } = await running(t, { gate: gate.promise, env: { LOKEAN_DRAIN_TIMEOUT: '1ms' } })
  const message = delivery(record({ message: 'never' }))
  source.deliver(message)
  assert.deepEqual(await pipeline.stop(), { unsettledBytes: message.length })
  assert.deepEqual(source.settled, [])
  gate.resolve()
})

test('a close leaves what is in flight unsettled, at once', async t => {
  const gate = new Deferred<void>()
  const { pipeline, source, close } = await running(t, { gate: gate.promise })
  source.deliver(delivery(record({ message: 'never' })))
  await close()
  assert.deepEqual([source.settled, source.calls], [[], ['close']])
  assert.ok(pipeline.inflightBytes > 0)
  gate.resolve()
})

test('a source that cannot go on fails the pipeline', async t => {
  const { pipeline, source } = await running(t)
  source.fail(new Error('the socket is gone'))
  await assert.rejects(pipeline.failed, /the socket is gone/)
})

test('metrics read what a source says of its addresses', async t => {
  const { metrics } = await running(t)
  const text = await metrics.registry.metrics()
  assert.match(text, /^lokean_link_up\{address="list"\} 1$/m)
  assert.match(text, /^lokean_credit\{address="list"\} 7$/m)
  assert.match(text, /^lokean_bus_connects_total 0$/m)
  assert.doesNotMatch(text, /lokean_datagrams_dropped_total\{/)
})
