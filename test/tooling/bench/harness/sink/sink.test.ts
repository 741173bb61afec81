import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import snappy from 'snappy'
import { beside, Child } from '../../../../../bench/harness/child.ts'
import type { SinkMethods } from '../../../../../bench/harness/sink/sink.process.ts'
import { Cleanup } from '../../../../helpers/cleanup.ts'
import { pushRequest } from '../../../../unit/embedded/loki/push/logproto.ts'

async function start (t: TestContext): Promise<{ sink: Child<SinkMethods>, url: string }> {
  const sink = new Child<SinkMethods>('sink', beside('../../../../../bench/harness/sink/sink.process', import.meta.url))
  Cleanup.of(t).add(async () => await sink.close())
  return { sink, url: await sink.call('listen', 0) }
}

function body (number: number): Buffer {
  return snappy.compressSync(pushRequest([{
    labels: '{a="b"}', entries: [{ ms: 1_795_000_000_000, ns: 0, line: `x seq=${`${number}`.padStart(10, '0')}`, metadata: {} }]
  }]))
}

/** `cut` breaks the connection. */
function push (url: string, number: number): { status: Promise<number | undefined>, cut: () => void } {
  const sent = request(`${url}/loki/api/v1/push`, { method: 'POST', agent: false })
  const status = new Promise<number | undefined>(resolve => {
    sent.once('response', response => resolve(response.resume().statusCode))
    sent.once('error', () => resolve(undefined))
  })
  sent.end(body(number))
  return { status, cut: () => sent.destroy() }
}

const FINE = { missing: 0, doubled: 0, repeated: 0, storedTwice: 0, other: 0, streams: 1 }

test('answers pushes and knows what was in them', async t => {
  const { sink, url } = await start(t)
  assert.equal(await push(url, 0).status, 204)
  const section = await sink.call('mark')
  assert.equal(await push(url, 1).status, 204)
  assert.equal(await push(url, 3).status, 204)
  await sink.call('mark')
  assert.equal(await push(url, 3).status, 204)
  assert.deepEqual(await sink.call('reconcile', 4), { ...FINE, stored: 3, missing: 1, repeated: 1 })
  const { pushes, bytes, records, streams, maximal } = await sink.call('section', section)
  assert.deepEqual({
    pushes, bytes, records, streams, ofMaximal: maximal.records
  }, { pushes: 2, bytes: body(1).length + body(3).length, records: 2, streams: 2, ofMaximal: 2 })
})

test('a push that ends while the sink is stalled is not stored; one that waits is answered when it returns', async t => {
  const { sink, url } = await start(t)
  await sink.call('stall')
  const given = push(url, 0)
  const kept = push(url, 1)
  while ((await sink.call('counts')).waiting < 2) { /* until both have arrived */ }
  given.cut()
  assert.equal(await given.status, undefined)
  while ((await sink.call('counts')).waiting > 1) { /* until it has noticed */ }
  await sink.call('resume')
  assert.equal(await kept.status, 204)
  assert.deepEqual(await sink.call('reconcile', 2), { ...FINE, stored: 1, missing: 1 })
})
