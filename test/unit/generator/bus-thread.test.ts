import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBusThread } from '../../../src/generator/bus-thread.ts'
import { connectClient, openReceiver } from '../embedded/bus/client.ts'

const LOAD = { addresses: ['logs'], recordsPerMessage: 10, generator: { hosts: 5, seed: 1 } }

test('a load in the thread reaches a receiver outside it, to the last record', async t => {
  const bus = await startBusThread()
  t.after(() => bus.close())
  let bytes = 0
  const { receiver } = await openReceiver(await connectClient(t, bus.port), 'logs', 100, ({ message, delivery }) => {
    bytes += message.length
    delivery.accept()
    receiver.add_credit(1)
  })
  const progress: number[] = []
  const load = bus.startLoad({ ...LOAD, records: 1_005, connections: 2 }, counts => progress.push(counts.accepted))
  assert.equal(await load.seed, 1)
  const result = await load.done
  assert.equal(result.sent, 1_005)
  assert.equal(result.accepted, 1_005)
  assert.equal(progress.at(-1), 1_005)
  assert.ok(bytes > 1_005 * 300)
  assert.equal((await bus.stats()).logs?.accepted, 101)
})

test('a load without end is stopped, and what it had sent is settled', async t => {
  const bus = await startBusThread()
  t.after(() => bus.close())
  let stopping: Promise<void> | undefined
  const { receiver } = await openReceiver(await connectClient(t, bus.port), 'logs', 100, ({ delivery }) => {
    delivery.accept()
    receiver.add_credit(1)
    stopping ??= load.stop()
  })
  const load = bus.startLoad(LOAD)
  const result = await load.done
  await stopping
  assert.ok(result.sent > 0)
  assert.equal(result.accepted, result.sent)
  assert.equal(result.unsettled, 0)
})

test('what is wrong in the thread is an error outside it', async t => {
  const bus = await startBusThread()
  t.after(() => bus.close())
  await assert.rejects(bus.startLoad({ ...LOAD, generator: { hosts: 0 } }).done, /hosts must be a whole number/)
  await assert.rejects(startBusThread({ port: bus.port }), { code: 'LOKEAN_WORKER' })
})

test('closed, it ends the load that runs and gives back the port', async t => {
  const bus = await startBusThread()
  t.after(() => bus.close())
  const ended = assert.rejects(bus.startLoad(LOAD).done, { code: 'LOKEAN_CLOSED' })
  await bus.close()
  await ended
  await assert.rejects(bus.stats(), { code: 'LOKEAN_CLOSED' })
  const next = await startBusThread({ port: bus.port })
  await next.close()
})
