import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/generator/random.ts'
import { message, record } from '../helpers/messages.ts'
import { scaled } from '../helpers/scaled.ts'
import { anySeed } from '../helpers/seed.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

const STREAMS = 2_000
const A_MESSAGE = 100

const recordsOf = (streams: readonly number[]): string[] => streams.map(i => record({ source: `s${i}`, message: `stream ${i}` }))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

async function send (stack: Stack, records: readonly string[]): Promise<void> {
  const sender = await stack.sender()
  const messages = upTo(Math.ceil(records.length / A_MESSAGE)).map(i => message(records.slice(A_MESSAGE * i, A_MESSAGE * (i + 1))))
  assert.deepEqual(new Set(await Promise.all(messages.map(async one => await sender.send(one)))), new Set(['accepted']))
}

test('new streams share pushes where Loki has room for them, and are known to all workers', async t => {
  for (const told of [true, false]) {
    const stack = await Stack.start(t, {
      workers: 2,
      loki: { limits: { streams: told ? Infinity : 5 * STREAMS }, ...told ? { version: '3.7.6' as const, publishedLimits: [] } : {} },
      env: { LOKEAN_MAX_STREAMS: `${4 * STREAMS}` }
    })
    // Loki is asked with the first new stream.
    await send(stack, recordsOf([0]))
    await until('Loki has told', () => stack.loki.stats().pushes > 0)
    await send(stack, recordsOf([1]))
    const before = stack.loki.stats().pushes
    await send(stack, recordsOf(upTo(STREAMS)))
    const pushes = stack.loki.stats().pushes - before
    assert.equal(new Set(stack.stored().map(({ labels }) => labels)).size, STREAMS)
    assert.ok(pushes * 20 < STREAMS, `${pushes} pushes for ${STREAMS} new streams`)
    await stack.stop()
  }
})

test('where nobody tells a limit, each new stream has a push of its own, from one worker alone', async t => {
  const stack = await Stack.start(t, { workers: 2 })
  await send(stack, recordsOf(upTo(100)))
  const first = stack.loki.stats().pushes
  assert.ok(first >= 100, `${first} pushes`)
  for (let round = 0; round < 6; round++) await send(stack, recordsOf(upTo(100)))
  assert.ok(stack.loki.stats().pushes < first + 50, 'the other worker does not show them again')
})

/**
 * Loki answers for the last stream of an ingester's share only. A stream that it turns away behind a known one, in the
 * same push, would be lost with a 204.
 */
test('Loki knows a random share of the streams, and three ingesters reach the limit: nothing is lost behind a 204', async t => {
  for (let round = 0; round < scaled(10); round++) {
    const seed = anySeed() + round
    const draw = seededRandom(seed)
    const random = (): number => draw() / 2 ** 32
    const streams = 300 + Math.floor(random() * 300)
    const share = random() / 2
    const known = upTo(streams).filter(() => random() < share)
    // Near half of the limit, and far below it: there new streams share pushes.
    const limit = 3 * Math.ceil((known.length * (1 + 3 * random()) + 30) / 3)
    const told = random() < 0.5
    const loki = { ingesters: 3, limits: { streams: limit }, ...told ? { version: '3.7.6' as const, publishedLimits: [] } : {} }
    const what = `seed ${seed}: ${streams} streams, ${known.length} known, limit ${limit}, ${told ? 'told' : 'set'}`
    const env = { LOKEAN_LABELS: 'source', LOKEAN_DRAIN_TIMEOUT: '100ms', ...told ? {} : { LOKEAN_MAX_STREAMS: `${limit}` } }
    const stack = await Stack.start(t, { loki, env })
    const direct = await fetch(`${stack.loki.url}/loki/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        streams: known.map(i => ({ stream: { source: `s${i}` }, values: [[`${Date.now()}000000`, 'known before']] }))
      })
    })
    assert.ok([204, 429].includes(direct.status), what)
    const sender = await stack.sender()
    const accepted: number[] = []
    const refused = (): number => stack.loki.stats().rejected.stream_limit
    const records = upTo(streams).sort(() => random() - 0.5)
    const size = random() < 0.5 ? 20 : 150
    for (let at = 0; at < streams; at += size) {
      const some = records.slice(at, at + size)
      void sender.send(message(recordsOf(some))).then(outcome => { if (outcome === 'accepted') accepted.push(...some) }, () => {})
    }
    await until(`all is stored, or Loki turns streams away (${what})`, () => accepted.length === streams || refused() > 20)
    await stack.stop()
    // What is beyond LOKEAN_MAX_STREAMS lies in quarantine, as it came.
    const stored = new Set(stack.stored().map(({ line }) => /stream \d+/.exec(line.toString())?.[0]))
    const lost = accepted.filter(i => !stored.has(`stream ${i}`))
    assert.deepEqual(lost, [], what)
  }
})
