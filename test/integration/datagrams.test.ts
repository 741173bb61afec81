import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

test('datagrams are stored as messages of the bus are, with the labels and the tenant of the socket, beside a bus or without one', async t => {
  const stack = await Stack.start(t, {
    env: { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: 'udp://127.0.0.1:0;cloud=edge;tenant=t' }, loki: { authEnabled: true }
  })
  const { port } = stack.log.map(line => JSON.parse(line) as { port?: number, msg: string })
    .find(({ msg }) => msg.startsWith('listening for datagrams')) ?? assert.fail('it says where it listens')
  const socket = createSocket('udp4')
  stack.cleanup.add(async () => { const closed = once(socket, 'close'); socket.close(); await closed })
  const send = async (text: string): Promise<void> => { await new Promise(resolve => { socket.send(text, port, '127.0.0.1', resolve) }) }
  const count = 500
  for (let i = 0; i < count; i++) {
    await send(record({ message: `id=${i}`, cloud: 'other' }))
    // The sender waits for the reader, because this test is not about drops in the kernel.
    if (i % 20 === 19) await until('they are read', () => stack.pipeline.inflightBytes > 0 || stack.stored().length > i)
  }
  await send('{not JSON')
  await send('<13>text')
  await until('all is stored', () => stack.stored().length === count + 2)
  assert.deepEqual(new Set(stack.stored().map(({ tenant }) => tenant)), new Set(['t']))
  const { labels } = stack.stored().find(({ line }) => line.toString() === 'id=7') ?? assert.fail('stored')
  assert.match(labels, /cloud="edge"/)
  assert.deepEqual(
    stack.stored().filter(({ labels }) => labels.includes('quarantine="invalid_json"')).map(({ line }) => line.toString()), ['{not JSON']
  )
  const { labels: ofText } = stack.stored().find(({ line }) => line.toString() === 'text') ?? assert.fail('syslog is stored too')
  assert.match(ofText, /host="127\.0\.0\.1"/)
  await until('it is ready', () => stack.pipeline.status().ready)
  assert.deepEqual(Object.keys(stack.pipeline.status().checks), ['socket', 'loki'])
  const address = 'udp://127.0.0.1:0'
  assert.equal(await stack.metric('lokean_records_received_total', { address }), count + 2)
  assert.equal(await stack.metric('lokean_link_up', { address }), 1)
  assert.deepEqual(await stack.stop(), { unsettledBytes: 0 })
})
