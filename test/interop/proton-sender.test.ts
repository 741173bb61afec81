import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type BusOptions, startBus } from '../../src/embedded/bus/bus.ts'
import type { EmbeddedLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { record } from '../helpers/messages.ts'
import { startRun } from '../helpers/program.ts'
import { type Body, ProtonPeer, withProton } from './proton/peer.ts'
import { unlimitedLoki } from './proton/site.ts'

const ADDRESS = 'rsyslog/logs'

/**
 * Sends these bodies by the C engine to the embedded bus, where the real program takes them. Returns the outcomes and
 * the stored records.
 */
async function sent (t: TestContext, bodies: Body[], options?: BusOptions): Promise<{ outcomes: unknown[], lines: string[] }> {
  const cleanup = Cleanup.of(t)
  const loki = await unlimitedLoki(cleanup)
  const bus = await startBus(options)
  cleanup.add(async () => { await bus.close() })
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url })
  const sender = new ProtonPeer(cleanup, 'sender.py', [`127.0.0.1:${bus.port}`, ADDRESS])
  for (const [id, body] of bodies.entries()) sender.command({ id, body })
  await sender.until('has sent all', () => sender.count('outcome') === bodies.length)
  await sender.finish()
  assert.equal((await run.stop()).code, 0)
  assert.deepEqual(bus.errors, [])
  const { accepted, rejected, released, modified } = bus.stats()[ADDRESS]
  assert.deepEqual({ accepted, rejected, released, modified }, { accepted: bodies.length, rejected: 0, released: 0, modified: 0 })
  return { outcomes: sender.events.map(({ outcome }) => outcome), lines: linesOf(loki) }
}

function linesOf (loki: EmbeddedLoki): string[] {
  const lines: string[] = []
  loki.store.forEach(({ buf, lineStart, lineEnd }) => { lines.push(buf.toString('utf8', lineStart, lineEnd)) })
  return lines.sort()
}

function records (...messages: string[]): string[] {
  return messages.map(message => record({ message }))
}

test('a sender like omamqp1: each message is accepted when its records are stored', withProton(), async t => {
  const batches = [
    1, 20, 256, 1, 100
  ].map((count, batch) => Array.from({ length: count }, (_, i) => `batch ${batch} line ${i} ${'ü/x"'.repeat(i)}`))
  const { outcomes, lines } = await sent(t, batches.map(batch => records(...batch)))
  assert.deepEqual(outcomes, batches.map(() => 'accepted'))
  assert.deepEqual(lines, batches.flat().sort())
})

test('bodies of every kind that producers send: string, binary, symbol, lists of them and lists in lists', withProton(), async t => {
  const [text, binary, symbol, ...others] = records(
    'a string', 'a binary', 'a symbol', 'in a list', 'binary in a list', 'deep', 'deeper', 'deeper binary'
  )
  const [listed, listedBinary, deep, deeper, deeperBinary] = others
  const { outcomes, lines } = await sent(t, [
    text, { binary }, { symbol }, [listed, { binary: listedBinary }], [[deep], [[deeper], [[{ binary: deeperBinary }]]]]
  ])
  assert.deepEqual(outcomes, Array.from({ length: 5 }, () => 'accepted'))
  assert.deepEqual(lines, ['a string', 'a binary', 'a symbol', 'in a list', 'binary in a list', 'deep', 'deeper', 'deeper binary'].sort())
})

for (const maxFrameSize of [512, 2 ** 20]) {
  test(`messages of 300 KB and more through a bus that takes frames of ${maxFrameSize} bytes`, withProton(), async t => {
    const batches = [
      300, 1, 1200
    ].map((count, batch) => Array.from({ length: count }, (_, i) => `batch ${batch} line ${i} ${'x'.repeat(900)}`))
    const { outcomes, lines } = await sent(t, batches.map(batch => records(...batch)), { maxFrameSize })
    assert.deepEqual(outcomes, ['accepted', 'accepted', 'accepted'])
    assert.deepEqual(lines, batches.flat().sort())
  })
}
