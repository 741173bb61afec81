import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import type { RawSender } from '../helpers/raw-sender.ts'
import { Stack } from '../helpers/stack.ts'

/** `source` changes with every record. */
const LABELS = { LOKEAN_LABELS: 'cloud,host,source' }

/** Sends the records in messages of 50 at once, and waits until all are accepted. */
async function send (sender: RawSender, records: string[]): Promise<void> {
  const messages = Array.from({ length: Math.ceil(records.length / 50) }, (_, m) => message(records.slice(50 * m, 50 * m + 50)))
  assert.deepEqual(new Set(await Promise.all(messages.map(async one => await sender.send(one)))), new Set(['accepted']))
}

const exploding = (wave: string, count: number, fields: Record<string, unknown> = {}): string[] =>
  Array.from({ length: count }, (_, i) => record({ source: `req-${wave}-${i}`, message: `${wave} ${i}`, ...fields }))

/** The line of a record, in quarantine and in its stream. */
const line = (text: string): string => (JSON.parse(text) as { message: string }).message

const isQuarantine = (labels: string): boolean => labels.includes('quarantine="too_many_streams"') && labels.includes('source="lokean"')

function warnings (stack: Stack): Array<Record<string, unknown>> {
  return stack.log.map(text => JSON.parse(text) as Record<string, unknown>).filter(({ msg }) => String(msg).includes('streams'))
}

test('labels that change with every record, with a limit: what is beyond it lies in quarantine, and streams that were there before flow on', async t => {
  const limit = 40
  const stack = await Stack.start(t, { workers: 4, env: { ...LABELS, LOKEAN_MAX_STREAMS: `${limit}` } })
  const sender = await stack.sender()
  const steady = (wave: string): string[] => Array.from(
    { length: 300 }, (_, i) => record({ source: `steady-${i % 10}`, message: `steady ${wave} ${i}` })
  )
  const first = steady('first')
  await send(sender, first)
  const sent = [...exploding('a', 2000), ...steady('again')].sort((a, b) => a.length % 7 - b.length % 7)
  await send(sender, sent)

  const stored = stack.stored()
  const [quarantined, flowing] = [stored.filter(({ labels }) => isQuarantine(labels)), stored.filter(({ labels }) => !isQuarantine(labels))]
  assert.equal(new Set(flowing.map(({ labels }) => labels)).size, limit, 'as many streams as there may be')
  assert.equal(await stack.metric('lokean_streams'), limit)
  const texts = [...quarantined.map(({ line }) => line.toString()), ...flowing.map(one => one.line.toString())].sort()
  const refused = new Set(quarantined.map(({ line }) => line.toString()))
  assert.deepEqual(
    texts, [...first, ...sent].map(text => refused.has(text) ? text : line(text)).sort(), 'each once: in its stream, or as it came'
  )
  assert.deepEqual([...refused].filter(text => text.includes('steady')), [], 'what flows goes on flowing')
  assert.equal(quarantined.length, 2000 - (limit - 10))
  assert.equal(await stack.metric('lokean_records_quarantined_total', { reason: 'too_many_streams' }), quarantined.length)

  const [warning, ...more] = warnings(stack)
  assert.deepEqual(more, [], 'told once')
  assert.deepEqual([warning.level, warning.streams, warning.limit], ['warn', limit + 1, limit])
  assert.match(String(warning.mend), /label source out of LOKEAN_LABELS, or raise LOKEAN_MAX_STREAMS/)
})

test('one tenant\'s explosion takes no stream from another', async t => {
  const limit = 20
  const stack = await Stack.start(t, {
    workers: 2,
    env: { ...LABELS, LOKEAN_MAX_STREAMS: `${limit}`, LOKEAN_LOKI_TENANT: '{cloud}' },
    loki: { authEnabled: true }
  })
  const sender = await stack.sender()
  await send(sender, exploding('a', 1000, { cloud: 'loud' }))
  const calm = Array.from({ length: 200 }, (_, i) => record({ cloud: 'calm', source: `s${i % limit}`, message: `calm ${i}` }))
  await send(sender, [...calm, ...exploding('b', 500, { cloud: 'loud' })])
  assert.deepEqual(stack.stored('calm').map(one => one.line.toString()).sort(), calm.map(line).sort())
  assert.equal(stack.stored('loud').length, limit)
  assert.equal(stack.stored('lokean').filter(({ labels }) => isQuarantine(labels)).length, 1500 - limit)
  assert.deepEqual(warnings(stack).map(({ tenant, streams }) => [tenant, streams]), [['loud', limit + 1]])
})

test('labels that change with every record, without a limit: all flow, each as a stream', async t => {
  const count = 1500
  const stack = await Stack.start(t, { workers: 2, env: LABELS })
  const sender = await stack.sender()
  const sent = exploding('a', count)
  await send(sender, sent)
  const stored = stack.stored()
  assert.deepEqual(stored.map(one => one.line.toString()).sort(), sent.map(line).sort())
  assert.equal(new Set(stored.map(({ labels }) => labels)).size, count)
  assert.equal(await stack.metric('lokean_streams'), count)
  assert.equal(await stack.metric('lokean_records_quarantined_total', { reason: 'too_many_streams' }), 0)
  assert.deepEqual(warnings(stack), [], 'fewer than Loki takes by default')
})
