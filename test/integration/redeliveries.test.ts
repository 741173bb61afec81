import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { Deferred } from '../helpers/deferred.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { turn, until } from '../helpers/until.ts'

const ADDRESS = 'rsyslog/logs'
const ERROR = { condition: 'amqp:internal-error', description: 'the test ends it' }

async function redelivered (stack: Stack): Promise<number> {
  return await stack.metric('lokean_records_redelivered_total', { address: ADDRESS })
}

async function resent (stack: Stack): Promise<number> {
  const metric = await stack.metrics.registry.getSingleMetric('lokean_records_resent_total')?.get()
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? NaN
}

/** How many entries Loki got more than once, whether it noticed or not. */
function twice (stack: Stack): number {
  const stored = stack.stored().map(({ labels, time, line }) => `${labels} ${time} ${line}`)
  return stored.length - new Set(stored).size + stack.loki.stats().duplicates
}

for (const [what, lose] of [
  ['link', (stack: Stack) => stack.bus.endReceiving('link', ERROR)],
  ['session', (stack: Stack) => stack.bus.endReceiving('session', ERROR)],
  ['connection', (stack: Stack) => stack.bus.dropConnections(({ receivers }) => receivers.length > 0)]
] as const) {
  test(`a ${what} is lost while records are on their way to Loki: what the sender sends again is counted, and nothing else`, async t => {
    const gate = new Deferred<void>()
    const stack = await Stack.start(t, {
      loki: { intercept: () => ({ kind: 'hang', release: gate.promise, stored: true }) }
    })
    const sender = await stack.sender()
    const messages = [3, 4, 5].map(length => message(Array.from({ length }, (_, i) => record({ message: `${i} of ${length}` }))))
    const delivered = messages.map(async one => await sender.deliver(one))
    while (await stack.metric('lokean_records_received_total', { address: ADDRESS }) < 12) await turn()
    assert.equal(lose(stack), 1)
    await until('they have come again', () => stack.bus.stats()[ADDRESS].delivered >= 6)
    gate.resolve()
    await Promise.all(delivered)
    assert.equal(await sender.send(message([record({ message: 'new' })])), 'accepted')
    assert.deepEqual([await redelivered(stack), twice(stack), new Set(stack.stored().map(({ line }) => String(line))).size], [12, 12, 13])
  })
}

test('connections that are lost over and over, in the middle: nothing is lost, and what Loki got twice is within what is counted', async t => {
  const stack = await Stack.start(t, {
    loki: { intercept: ({ attempt }) => attempt % 7 === 3 ? { kind: 'close', when: 'after-store' } : undefined }
  })
  const losses = [
    () => stack.bus.dropConnections(),
    () => stack.bus.endReceiving('link', ERROR),
    () => stack.bus.dropConnections(({ receivers }) => receivers.length > 0),
    () => stack.bus.endReceiving('session', ERROR)
  ]
  const RECORDS = 12_000
  let lost = 0
  const { accepted } = await startSenders({
    url: stack.bus.url,
    addresses: [ADDRESS],
    generator: createGenerator({ hosts: 20, seed: 11, recordsPerMessage: 10 }),
    records: RECORDS,
    window: 64,
    onProgress: ({ accepted }) => { if (accepted > (lost + 1) * 1_000 && accepted < RECORDS - 1_000) losses[lost++ % losses.length]() }
  })
  assert.ok(lost > 3, `${lost} losses`)
  assert.equal(accepted, RECORDS)
  assert.equal(new Set(stack.stored().map(({ line }) => / seq=(\d+)/.exec(String(line))?.[1])).size, RECORDS)
  const counted = await redelivered(stack) + await resent(stack)
  t.diagnostic(`${twice(stack)} came twice, ${await redelivered(stack)} redelivered, ${await resent(stack)} resent`)
  assert.ok(twice(stack) <= counted, `${twice(stack)} came twice, ${counted} counted`)
  assert.ok(await redelivered(stack) > 0)
})
