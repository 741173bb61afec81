import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { MARKER } from '../process/numbered-sender.ts'
import { Gate } from '../process/gate.ts'
import { connectClient, cut, openSender } from '../unit/embedded/bus/client.ts'
import { needs } from './needs.ts'
import { RABBITMQ_SERVER, RabbitMqBroker } from './rabbitmq-broker.ts'
import { throughClosed, throughWindow } from './windows.ts'

const NEEDED = needs({ what: 'rabbitmq-server', probe: ['test', '-x', RABBITMQ_SERVER] })
/** A broker takes some seconds to start. */
const RUN_FOR_MS = 110_000
const QUEUE = 'logs'
const GUEST = { LOKEAN_AMQP_USERNAME: 'guest', LOKEAN_AMQP_PASSWORD: 'guest' }

/** A target that shall outlive the broker's process (terminus-durability, spec 3.5.5) makes a durable queue. */
async function declare (t: TestContext, port: number): Promise<void> {
  const connection = await connectClient(t, port, { username: 'guest', password: 'guest' })
  connection.open_sender({ target: { address: `/queue/${QUEUE}`, durable: 2 } })
  await once(connection, 'sender_open')
  cut(connection)
}

/**
 * Changes the messages to a form that RabbitMQ 3.10 takes. Their header says `durable` (spec 3.2.1); the broker keeps a
 * message without it, such as omamqp1's, in memory only. Their list is an amqp-sequence. In an amqp-value the broker
 * takes a list of several elements for the section's fields, and its session dies.
 */
function forRabbitMq (generator: Generator): Generator {
  const preamble = Buffer.from('0053704500537345005377', 'hex')
  const other = Buffer.from('005370c002014100537345005376', 'hex')
  return {
    ...generator,
    get sent () { return generator.sent },
    next (maxRecords, host) {
      const { message, ...rest } = generator.next(maxRecords, host)
      assert.ok(message.subarray(0, preamble.length).equals(preamble))
      return { ...rest, message: Buffer.concat([other, message.subarray(preamble.length)]) }
    }
  }
}

/** A message whose body is one data section (spec 3.2.6) with this text. */
function dataMessage (text: string): Buffer {
  const head = Buffer.from('005375b000000000', 'hex')
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

test('RabbitMQ', NEEDED, async t => {
  const cleanup = Cleanup.of(t)
  const broker = await RabbitMqBroker.prepare(t)
  const gate = new Gate()
  const { url, store, stats, close } = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: gate.intercept })
  cleanup.add(async () => {
    gate.open()
    await close()
  })
  // The smallest budget that the settings allow, so that the broker keeps the rest.
  const env = {
    LOKEAN_AMQP_URL: broker.url, LOKEAN_AMQP_ADDRESSES: `/amq/queue/${QUEUE}`, LOKEAN_LOKI_URL: url, LOKEAN_INFLIGHT_BYTES: '2MiB', ...GUEST
  }
  const run = startRun(cleanup, env, [], RUN_FOR_MS)
  const stop = new AbortController()
  cleanup.add(() => stop.abort())
  const bus = { url: broker.url, username: 'guest', password: 'guest', signal: stop.signal }

  await t.test('down, no such queue, a wrong password: each is said, and what can be healed is', async () => {
    const wrong = startRun(cleanup, { ...env, LOKEAN_AMQP_PASSWORD: 'a-wrong-guess' }, [], RUN_FOR_MS)
    // `/queue/` makes a missing queue, which lives as long as the broker.
    const anonymous = startRun(cleanup, {
      ...env, LOKEAN_AMQP_ADDRESSES: '/queue/other', LOKEAN_AMQP_USERNAME: '', LOKEAN_AMQP_PASSWORD: ''
    }, [], RUN_FOR_MS)
    const down = await run.logged('no connection to the bus; trying again')
    assert.deepEqual({ level: down.level, reason: down.reason }, { level: 'warn', reason: `connect ECONNREFUSED 127.0.0.1:${broker.port}` })
    await broker.start()
    const missing = await run.logged('the link is closed; attaching again')
    assert.deepEqual({ level: missing.level, reason: missing.reason }, { level: 'warn', reason: `amqp:not-found: NOT_FOUND - no queue '${QUEUE}' in vhost '/'` })
    assert.equal((await run.ask('/readyz')).status, 503)
    await declare(t, broker.port)
    await run.logged('receiving')
    assert.equal((await run.ask('/readyz')).status, 200)

    await anonymous.logged('receiving')
    const records = 1_000
    const generator = forRabbitMq(createGenerator({ hosts: 3, seed: 1, recordsPerMessage: 10 }))
    const { accepted } = await startSenders({ ...bus, addresses: ['/queue/other'], generator, records })
    assert.equal(accepted, records)
    await until('all is stored', () => stats().entries === records)
    assert.equal((await anonymous.stop()).code, 0)

    const { level, reason } = await wrong.logged(
      'no connection to the bus; trying again', line => !String(line.reason).includes('ECONNREFUSED')
    )
    assert.equal(level, 'warn')
    assert.match(String(reason), /^amqp:unauthorized-access: /)
    assert.equal((await wrong.stop()).code, 0)
    assert.ok(!wrong.stdout.includes('a-wrong-guess'))
  })

  for (const frames of [0, 1, 2, 3]) {
    await t.test(`a session whose window is ${frames} at the beginning: it waits, and sends all`, async t => {
      // A queue with such a name lives as long as the broker.
      const address = `/queue/window${frames}`
      const login = { username: 'guest', password: 'guest' }
      const send = async (texts: string[]): Promise<void> => {
        const { outcome } = await openSender(await connectClient(t, broker.port, login), address)
        for (const text of texts) assert.equal((await outcome(dataMessage(text))).name, 'accepted')
      }
      const sending = { port: broker.port, address, login, send }
      await (frames === 0 ? throughClosed(t, sending) : throughWindow(t, frames, sending))
    })
  }

  await t.test('restarted, then killed, in the middle of the load: nothing missing, and what came twice is counted', async t => {
    const records = 120_000
    const first = stats().entries
    const generator = forRabbitMq(createGenerator({ hosts: 40, seed: 11, recordsPerMessage: 50, firstSequence: first }))
    const sending = startSenders({
      ...bus, addresses: [`/amq/queue/${QUEUE}`], generator, records, rate: 12_000, connections: 2, window: 64
    })
    for (const [signal, share] of [['SIGTERM', 0.2], ['SIGKILL', 0.6]] as const) {
      await until(`${share} of it is stored`, () => stats().entries >= first + share * records, 60_000)
      gate.shut()
      await until('thousands wait in the broker', () => generator.sent >= stats().entries - first + 15_000)
      await broker.stop(signal)
      assert.ok(generator.sent < records, 'it was under load')
      await broker.start()
      gate.open()
    }
    const { accepted, rejected, resent, seconds } = await sending
    assert.deepEqual({ accepted, rejected }, { accepted: records, rejected: 0 })
    assert.ok(resent > 0, 'producers had some on their way when it stopped')
    const expected = first + records
    await until('all is stored', () => store.countIds(MARKER, { expected }).missing === 0, 30_000)
    const { missing, repeated, unexpected } = store.countIds(MARKER, { expected })
    assert.deepEqual({ missing, unexpected }, { missing: 0, unexpected: 0 })
    t.diagnostic(`${records} records in ${seconds.toFixed(1)} s, ${resent} sent again, ${stats().duplicates} delivered again after they were stored`)

    assert.equal((await run.logged('lost the bus; connecting again')).level, 'warn')
    const { code, stderr } = await run.stop()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const { resentRecords, redeliveredRecords } = await run.logged('stopped')
    t.diagnostic(`${String(redeliveredRecords)} of them recognised, ${String(resentRecords)} pushed again`)
    // What a producer sent again, because it was not told that the broker had it, is in the queue twice.
    const counted = Number(redeliveredRecords) + Number(resentRecords) + resent
    assert.ok(Number(redeliveredRecords) > 0 && repeated + stats().duplicates <= counted, 'what came twice is counted')
    assert.deepEqual(await broker.queues(), [{ name: QUEUE, durable: true, messages: 0, consumers: 0 }])
  })
})
