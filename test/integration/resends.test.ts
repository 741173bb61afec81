import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'
import type { Fault, PushAttempt } from '../../src/embedded/loki/push/fault.ts'

const ENV = { LOKEAN_SHARDS: '2' }
const VERIFY = { ...ENV, LOKEAN_LOKI_VERIFY: 'on' }
const AFTER: Fault = { kind: 'close', when: 'after-store' }

/** Loses the answer to every third push. Counts the records that Loki gets in pushes. */
function losing (fault: Fault): { intercept: (push: PushAttempt) => Fault | undefined, lost: () => number } {
  let lost = 0
  return {
    intercept: ({ attempt }) => {
      if (attempt % 3 !== 1) return undefined
      lost++
      return fault
    },
    lost: () => lost
  }
}

async function resent (stack: Stack): Promise<number> {
  const metric = await stack.metrics.registry.getSingleMetric('lokean_records_resent_total')?.get()
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? NaN
}

async function sendAll (stack: Stack, messages: number): Promise<void> {
  const sender = await stack.sender()
  for (let i = 0; i < messages; i++) {
    const records = Array.from({ length: 40 }, (_, j) => record({ host: `h${j % 4}`, message: `line ${i} ${j}` }))
    assert.equal(await sender.send(message(records)), 'accepted')
  }
}

test('lost answers: what is pushed again is counted, and is at least what Loki got twice', async t => {
  const { intercept, lost } = losing(AFTER)
  const stack = await Stack.start(t, { env: ENV, loki: { intercept } })
  await sendAll(stack, 4)
  const twice = stack.loki.stats().duplicates
  assert.ok(lost() > 0 && twice > 0)
  assert.ok(await resent(stack) >= twice, `${await resent(stack)} resent, ${twice} came twice`)
  assert.equal(await stack.metric('lokean_records_resent_total', { reason: 'connection' }), await resent(stack))
  assert.equal(stack.stored().length, 160)
})

for (const [what, fault] of [
  ['a lost connection', AFTER], ['a gateway that gave up', { kind: 'answer', status: 504, stored: true }]
] as const) {
  test(`looked up after ${what}: what Loki has is not pushed again, and nothing is missing`, async t => {
    const { intercept, lost } = losing(fault)
    const stack = await Stack.start(t, { env: VERIFY, loki: { intercept } })
    await sendAll(stack, 4)
    assert.ok(lost() > 0)
    assert.deepEqual([stack.loki.stats().duplicates, await resent(stack), stack.stored().length], [0, 0, 160])
    assert.ok(await stack.metric('lokean_records_found_total') > 0)
  })
}

test('looked up, and not there: it is pushed again, and nothing is missing', async t => {
  const { intercept, lost } = losing({ kind: 'close', when: 'before-store' })
  const stack = await Stack.start(t, { env: VERIFY, loki: { intercept } })
  await sendAll(stack, 4)
  assert.ok(lost() > 0)
  assert.deepEqual([stack.stored().length, await stack.metric('lokean_records_found_total')], [160, 0])
  assert.ok(await resent(stack) > 0)
})

test('what Loki itself answers is pushed again unseen: it may have it with too few ingesters', async t => {
  const { intercept } = losing({ kind: 'answer', status: 500, stored: true })
  const stack = await Stack.start(t, { env: VERIFY, loki: { intercept } })
  await sendAll(stack, 2)
  assert.deepEqual([stack.stored().length, await stack.metric('lokean_records_found_total')], [80, 0])
  assert.ok(await resent(stack) >= stack.loki.stats().duplicates && stack.loki.stats().duplicates > 0)
})

test('a Loki that cannot be read: all is pushed again, counted and told of', async t => {
  const { intercept } = losing(AFTER)
  const stack = await Stack.start(t, { env: { ...VERIFY, LOKEAN_LOKI_QUERY_URL: 'http://127.0.0.1:1' }, loki: { intercept } })
  await sendAll(stack, 5)
  assert.ok(await resent(stack) >= stack.loki.stats().duplicates)
  assert.ok(stack.loki.stats().duplicates > 0)
  assert.ok(stack.log.some(line => line.includes('LOKEAN_LOKI_QUERY_URL')))
})

test('after a restart, what is older than the process is looked up before its first push', async t => {
  const first = await Stack.start(t, { env: { ...ENV, LOKEAN_DRAIN_TIMEOUT: '100ms' }, loki: { intercept: () => AFTER } })
  const sender = await first.sender()
  const sent = message(Array.from({ length: 40 }, (_, i) => record({ message: `line ${i}` })))
  void sender.send(sent)
  await until('Loki has it, and the process does not know', () => first.stored().length === 40)
  await first.stop()
  const stack = await Stack.start(t, { env: { ...VERIFY, LOKEAN_LOKI_QUERY_URL: first.loki.url } })
  const again = await stack.sender()
  assert.equal(await again.send(sent), 'accepted')
  assert.deepEqual([stack.stored().length, await stack.metric('lokean_records_found_total'), await resent(stack)], [0, 40, 0])
  const later = message([record({ message: 'later', timestamp: new Date(Date.now() + 1000).toISOString() })])
  assert.equal(await again.send(later), 'accepted')
  assert.equal(stack.stored().length, 1)
})
