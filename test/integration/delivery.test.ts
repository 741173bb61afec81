import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../src/embedded/loki/push/fault.ts'
import { message, record } from '../helpers/messages.ts'
import { anySeed } from '../helpers/seed.ts'
import { Stack } from '../helpers/stack.ts'

const ADDRESS = 'rsyslog/logs'

test('accepted means stored: nothing is settled before Loki has answered', async t => {
  const { promise: answer, resolve: release } = deferred()
  const { promise: pushed, resolve: sawPush } = deferred()
  const stack = await Stack.start(t, { loki: { intercept: () => { sawPush(); return { kind: 'hang', release: answer } } } })
  const sender = await stack.sender()
  const outcome = sender.send(message([record()]))
  await pushed
  const { unsettled, accepted } = stack.bus.stats()[ADDRESS]
  assert.deepEqual({ unsettled, accepted }, { unsettled: 1, accepted: 0 })
  release()
  assert.equal(await outcome, 'accepted')
  assert.equal(stack.stored().length, 1)
})

test('whatever Loki does, in any order, every message is accepted once all of it is stored, once', async t => {
  const seed = anySeed()
  t.diagnostic(`seed ${seed}`)
  const random = mulberry32(seed)
  const faults: Array<() => Fault> = [
    () => ({ kind: 'answer', status: 500, text: 'boom' }),
    () => ({ kind: 'answer', status: 502 }),
    () => ({ kind: 'answer', status: 503, headers: { 'retry-after': '0' } }),
    () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '0' } }),
    () => ({ kind: 'answer', status: 401 }),
    () => ({ kind: 'answer', status: 500, stored: true }),
    () => ({ kind: 'close', when: 'before-store' }),
    () => ({ kind: 'close', when: 'after-store' }),
    () => ({ kind: 'close', when: 'mid-response' })
  ]
  const used = new Set<number>()
  const stack = await Stack.start(t, {
    workers: 2,
    loki: {
      intercept: () => {
        if (random() > 0.35) return undefined
        const pick = Math.floor(random() * faults.length)
        // A refused login is retried rarely, so it comes once only.
        if (pick === 4 && used.has(4)) return undefined
        used.add(pick)
        return faults[pick]()
      }
    }
  })
  const sender = await stack.sender()
  const messages = Array.from(
    { length: 120 }, (_, m) => Array.from({ length: 10 }, (_, r) => record({ host: `h${m % 7}`, message: `id=${m}.${r}` }))
  )
  const outcomes = await Promise.all(messages.map(async records => await sender.send(message(records))))
  assert.deepEqual(new Set(outcomes), new Set(['accepted']))
  const lines = stack.stored().map(({ line }) => line.toString())
  assert.deepEqual(
    lines.toSorted(), messages.flat().map(text => (JSON.parse(text) as { message: string }).message).sort(), 'each record is stored once'
  )
  const { rejected, released, modified } = stack.bus.stats()[ADDRESS]
  assert.deepEqual({ rejected, released, modified }, { rejected: 0, released: 0, modified: 0 })
})

test('what is delivered twice, over a new connection, is stored once', async t => {
  const { promise: answer, resolve: release } = deferred()
  const { promise: pushed, resolve: sawPush } = deferred()
  let first = true
  const stack = await Stack.start(t, {
    workers: 2,
    loki: {
      intercept: () => {
        if (!first) return undefined
        first = false
        sawPush()
        return { kind: 'hang', release: answer, stored: true }
      }
    }
  })
  const sender = await stack.sender()
  const second = `${new Date().toISOString().slice(0, 19)}Z`
  const twins = Array.from({ length: 3 }, () => record({ '@timestamp': second, message: 'same' }))
  const sent = message(twins)
  const outcome = sender.send(sent)
  await pushed
  stack.bus.dropConnections(({ receivers }) => receivers.length > 0)
  assert.equal(await outcome, 'modified', 'the bus gives back what a dead receiver held')
  const again = sender.deliver(sent)
  release()
  await again
  const stored = stack.stored()
  assert.equal(stored.length, 3, 'three true occurrences, delivered twice')
  assert.deepEqual(stored.map(({ time }) => time - stored[0].time), [0n, 1n, 2n])
})

test('the connection is cut again and again with deliveries unsettled: nothing missing, nothing doubled', async t => {
  let gate = deferred()
  const stack = await Stack.start(t, {
    workers: 2,
    loki: { intercept: ({ attempt }) => attempt % 3 === 0 ? undefined : { kind: 'hang', release: gate.promise, stored: attempt % 3 === 1 } }
  })
  const sender = await stack.sender()
  const lines: string[] = []
  for (let round = 0; round < 4; round++) {
    gate = deferred()
    const wave = Array.from({ length: 40 }, async (_, m) => {
      const records = Array.from({ length: 20 }, (_, r) => {
        lines.push(`id=${round}.${m}.${r}`)
        return record({ host: `h${m % 5}`, message: `id=${round}.${m}.${r}` })
      })
      await sender.deliver(message(records))
    })
    await stack.bus.until(stats => stats[ADDRESS].unsettled > 0 && stats[ADDRESS].receivers === 1)
    assert.equal(stack.bus.dropConnections(({ receivers }) => receivers.length > 0), 1)
    gate.resolve()
    await Promise.all(wave)
  }
  assert.deepEqual(stack.stored().map(({ line }) => line.toString()).sort(), lines.sort())
  assert.equal(await stack.metric('lokean_bus_disconnects_total'), 4)
  assert.ok(stack.bus.stats()[ADDRESS].modified > 0, 'some were given back by the bus')
})

test('the bus restarts, and Loki is down at first: Lokean waits for both', async t => {
  const stack = await Stack.start(t, { start: false })
  const port = stack.bus.port
  await stack.bus.stop()
  stack.pipeline.start()
  assert.equal(stack.pipeline.status().ready, false)
  await stack.bus.start()
  assert.equal(stack.bus.port, port)
  const sender = await stack.sender()
  assert.equal(await sender.send(message([record()])), 'accepted')
  assert.deepEqual(stack.pipeline.status(), {
    ready: true, checks: { bus: { ok: true, detail: 'open' }, loki: { ok: true, detail: 'pushes are stored' } }
  })
})

test('several hosts of the bus are tried in turn', async t => {
  const stack = await Stack.start(t, { start: false })
  const { url } = stack.bus
  const failing = await Stack.start(t, { env: { LOKEAN_AMQP_URL: `amqp://127.0.0.1:1,${url}` } })
  const sender = await stack.sender()
  assert.equal(await sender.send(message([record({ message: 'over the second host' })])), 'accepted')
  assert.equal(failing.stored()[0].line.toString(), 'over the second host')
})

test('several Loki hosts: the shards of the one that is down go to the other', async t => {
  const stack = await Stack.start(t, { start: false })
  const { url } = stack.loki
  const failing = await Stack.start(t, { env: { LOKEAN_LOKI_URL: `http://127.0.0.1:1,${url}` } })
  const sender = await failing.sender()
  const records = Array.from({ length: 40 }, (_, i) => record({ source: `s${i}`, message: `line ${i}` }))
  assert.equal(await sender.send(message(records)), 'accepted')
  assert.equal(stack.stored().length, 40)
})

function deferred (): { promise: Promise<void>, resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(_resolve => { resolve = _resolve })
  return { promise, resolve }
}

function mulberry32 (seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
