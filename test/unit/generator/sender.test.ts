import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import type { Delivery } from 'rhea'
import { startBus, type BusOptions, type EmbeddedBus } from '../../../src/embedded/bus/bus.ts'
import { createGenerator } from '../../../src/generator/generator.ts'
import { startSenders } from '../../../src/generator/sender.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'
import { connectClient, cut, openReceiver } from '../embedded/bus/client.ts'
import { recordsOf } from './read-message.ts'

const LOGS = 'rsyslog/logs'

async function start (t: TestContext, options: BusOptions = {}): Promise<EmbeddedBus> {
  const bus = await startBus(options)
  t.after(() => bus.close())
  return bus
}

/** A receiver that treats each delivery as told and collects the numbers of the accepted records. */
async function consume (
  t: TestContext, bus: EmbeddedBus, address: string, decide: (delivery: Delivery, index: number) => void = delivery => delivery.accept()
) {
  const connection = await connectClient(t, bus.port)
  const accepted: number[] = []
  let index = 0
  const { receiver } = await openReceiver(connection, address, 50, ({ message, delivery }) => {
    decide(delivery, index++)
    if (Number((delivery.state as { descriptor: { value: unknown } } | undefined)?.descriptor.value) === 0x24) {
      for (const record of recordsOf(message)) accepted.push(Number(/ seq=(\d{10})"/.exec(record.toString())![1]))
    }
    receiver.add_credit(1)
  })
  return { connection, accepted }
}

const settings = (bus: EmbeddedBus) => ({
  url: bus.url, addresses: [LOGS], generator: createGenerator({ hosts: 10, seed: 1, recordsPerMessage: 20 })
})
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b)

test('all is sent, accepted once, and nothing stays open', async t => {
  const bus = await start(t)
  const { accepted } = await consume(t, bus, LOGS)
  const progress: number[] = []
  const result = await startSenders({
    ...settings(bus), records: 2_010, connections: 3, window: 4, onProgress: counts => progress.push(counts.sent)
  })
  assert.deepEqual({
    ...result, seconds: 0
  }, { sent: 2_010, accepted: 2_010, rejected: 0, written: 0, released: 0, modified: 0, resent: 0, unsettled: 0, seconds: 0 })
  assert.deepEqual(sorted(accepted), upTo(2_010))
  assert.equal(progress.at(-1), 2_010)
  await bus.until(stats => stats[LOGS]?.senders === 0)
})

test('what is released or modified is sent again, what is rejected is not', async t => {
  const bus = await start(t)
  const { accepted } = await consume(t, bus, LOGS, (delivery, i) => {
    if (i === 0) delivery.reject()
    else if (i < 4) delivery.release()
    else if (i < 8) delivery.modified({ delivery_failed: true })
    else delivery.accept()
  })
  const result = await startSenders({ ...settings(bus), records: 400 })
  assert.deepEqual({
    ...result, seconds: 0
  }, { sent: 400, accepted: 380, rejected: 20, written: 0, released: 60, modified: 80, resent: 140, unsettled: 0, seconds: 0 })
  assert.equal(new Set(accepted).size, 380)
})

test('with a window of one, a message is sent when the one before it is settled', async t => {
  const bus = await start(t)
  let most = 0
  const held: Delivery[] = []
  await consume(t, bus, LOGS, delivery => {
    most = Math.max(most, held.push(delivery))
    setImmediate(() => held.shift()!.accept())
  })
  await startSenders({ ...settings(bus), records: 200, window: 1 })
  assert.equal(most, 1)
})

test('a bus that dies and comes back costs no record', async t => {
  const bus = await start(t)
  let second: Promise<{ accepted: number[] }> | undefined
  const restart = async () => {
    await bus.stop()
    await bus.start()
    return await consume(t, bus, LOGS)
  }
  const first = await consume(t, bus, LOGS, (delivery, i) => {
    if (i < 10) delivery.accept()
    else second ??= restart()
  })
  let retries = 0
  const result = await startSenders({ ...settings(bus), records: 1_000, connections: 2, onRetry: () => retries++, timer: soon })
  assert.ok(retries >= 2 && result.resent > 0)
  assert.equal(result.accepted, 1_000)
  assert.deepEqual([...new Set(sorted([...first.accepted, ...(await second)!.accepted]))], upTo(1_000))
})

/** Ends each wait in the next turn, because waits are no part of these tests. Drain and close keep theirs. */
function soon (ms: number, callback: () => void): () => void {
  const timeout = setTimeout(callback, ms >= 2_000 ? ms : 1)
  return () => clearTimeout(timeout)
}

test('without a receiver it waits for credit; a receiver that dies has its share sent again', async t => {
  const bus = await start(t)
  const sending = startSenders({ ...settings(bus), records: 300, timer: soon })
  await bus.until(stats => stats[LOGS]?.senders === 1)
  const dying = await consume(t, bus, LOGS, () => { cut(dying.connection) })
  await bus.until(stats => stats[LOGS].modified > 0 && stats[LOGS].receivers === 0)
  const { accepted } = await consume(t, bus, LOGS)
  const result = await sending
  assert.equal(result.accepted, 300)
  assert.ok(result.modified > 0)
  assert.deepEqual(sorted(accepted), upTo(300))
})

test('an address that is stuck does not hold up another', async t => {
  const bus = await start(t)
  const { accepted } = await consume(t, bus, 'b')
  const stop = new AbortController()
  const sending = startSenders({ ...settings(bus), addresses: ['a', 'b'], signal: stop.signal })
  await bus.until(stats => stats.b !== undefined && stats.b.accepted >= 100)
  assert.equal(bus.stats().a?.received, 0)
  stop.abort()
  const result = await sending
  assert.equal(result.sent, result.accepted)
  assert.equal(result.accepted, accepted.length)
})

test('aborted, it waits for what is on its way, and no longer than it may', async t => {
  const bus = await start(t)
  await consume(t, bus, LOGS, () => {})
  const stop = new AbortController()
  const sending = startSenders({ ...settings(bus), window: 2, signal: stop.signal, drainTimeout: 5 })
  await bus.until(stats => stats[LOGS]?.delivered === 2)
  stop.abort()
  const result = await sending
  assert.deepEqual({ sent: result.sent, accepted: result.accepted, unsettled: result.unsettled }, { sent: 40, accepted: 0, unsettled: 40 })
})

test('a rate is kept by the clock, in small messages when it is low', async t => {
  const bus = await start(t)
  await consume(t, bus, LOGS)
  let now = 0
  const timers: Array<() => void> = []
  const sending = startSenders({
    ...settings(bus),
    records: 40,
    rate: 100,
    now: () => now,
    timer: (ms, callback) => {
      const fire = () => {
        now += ms
        callback()
      }
      timers.push(fire)
      setImmediate(() => timers.shift()?.())
      return () => { timers.splice(timers.indexOf(fire), 1) }
    }
  })
  const result = await sending
  assert.equal(result.accepted, 40)
  assert.equal(bus.stats()[LOGS]?.received, 8, 'messages of a twentieth of a second: 5 records')
  assert.ok(result.seconds >= 0.3, `${result.seconds} s for 40 records at 100 a second, of which 10 at once`)
})

test('name and password, over TLS; a wrong one ends it', async t => {
  const bus = await start(t, { username: 'lokean', password: 'secret', tls: { cert: CERTIFICATE, key: KEY } })
  const { receiver } = await openReceiver(await connectClient(
    t, bus.port, { transport: 'tls', ca: CERTIFICATE, servername: '', username: 'lokean', password: 'secret' } as object
  ), LOGS, 50, ({ delivery }) => {
    delivery.accept()
    receiver.add_credit(1)
  })
  const options = { ...settings(bus), records: 100, username: 'lokean', password: 'secret', tls: { ca: CERTIFICATE } }
  assert.equal((await startSenders(options)).accepted, 100)
  await assert.rejects(startSenders({ ...options, password: 'wrong' }), { code: 'LOKEAN_BUS', retryable: false })
})

test('a bus that is not there yet is tried until it is', async t => {
  const reserved = createServer().listen(0, '127.0.0.1')
  await once(reserved, 'listening')
  const { port } = reserved.address() as AddressInfo
  reserved.close()
  await once(reserved, 'close')
  let starting: Promise<EmbeddedBus> | undefined
  const delays: number[] = []
  const result = await startSenders({
    url: `amqp://127.0.0.1:${port}`,
    addresses: [LOGS],
    generator: createGenerator({ hosts: 1, recordsPerMessage: 5 }),
    records: 5,
    timer: soon,
    onRetry: (error, delay) => {
      assert.match(String(error), /ECONNREFUSED|socket|closed/)
      if (delays.push(delay) === 3) starting = start(t, { port }).then(async bus => { await consume(t, bus, LOGS); return bus })
    }
  })
  await starting
  assert.equal(result.accepted, 5)
  assert.deepEqual(delays.slice(0, 3), [50, 100, 200])
})
