import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { RelpServer } from '../helpers/relp-server.ts'
import { BOUNDED, lokean, Program, startRun } from '../helpers/program.ts'
import { ADDRESS, MARKER } from './numbered-sender.ts'

interface Report {
  sent: number,
  accepted: number,
  rejected: number,
  released: number,
  modified: number,
  resent: number,
  seconds: number,
  recordsPerSecond: number
}

test('what it sends to a bus is stored by a run at its other end; SIGTERM ends it in order', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity } })
  cleanup.add(async () => { await loki.close() })
  // No receiver is attached yet, so the program waits.
  const counted = new Program(cleanup, [
    'generate', '--records', '3000', '--hosts', '30', '--records-per-message', '40', '--seed', '3', '--json'
  ], { LOKEAN_AMQP_URL: bus.url })
  await bus.until(stats => (stats[ADDRESS]?.senders ?? 0) > 0)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url })
  const { code, stdout } = await counted.exited
  assert.equal(code, 0)
  const { sent, accepted, rejected, resent, seconds, recordsPerSecond } = JSON.parse(stdout) as Report
  assert.deepEqual({ sent, accepted, rejected, resent }, { sent: 3000, accepted: 3000, rejected: 0, resent: 0 })
  assert.ok(seconds > 0 && recordsPerSecond > 0)
  assert.equal(bus.stats()[ADDRESS].accepted, 3000 / 40)
  const { distinct, missing, repeated } = loki.store.countIds(MARKER, { expected: 3000 })
  assert.deepEqual({ distinct, missing, repeated }, { distinct: 3000, missing: 0, repeated: 0 })

  const endless = new Program(cleanup, ['generate', '--for', '10m', '--rate', '4000', '--seed', '4'], { LOKEAN_AMQP_URL: bus.url })
  await bus.until(({ [ADDRESS]: { accepted } }) => accepted > 3000 / 40 + 5)
  const stopped = await endless.stop()
  assert.equal(stopped.code, 0, stopped.stderr)
  const [, total] = /^([\d,]+) records sent, \1 accepted, 0 rejected, /.exec(stopped.stdout) ?? []
  assert.equal(loki.stats().entries, 3000 + Number(total.replaceAll(',', '')))
  assert.equal((await run.stop()).code, 0)
})

test('to a RELP server it sends what is answered, in the form that is asked for; a file that is not there is told', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const server = await RelpServer.start(cleanup)
  const url = `relp://127.0.0.1:${server.port}`
  const counted = await lokean(cleanup, ['generate', '--url', url, '--records', '500', '--window', '50', '--form', 'rfc5424', '--json'])
  assert.equal(counted.code, 0, counted.stderr)
  const { sent, accepted, written, resent } = JSON.parse(counted.stdout) as Report & { written: number }
  assert.deepEqual({ sent, accepted, written, resent }, { sent: 500, accepted: 500, written: 0, resent: 0 })
  assert.equal(server.peers.length, 4)
  assert.ok(server.records.every(record => /^<\d+>1 /.test(record)) && server.records.length === 500)

  const wrong = await lokean(cleanup, ['generate', '--url', url, '--ca', '/nowhere'])
  assert.deepEqual([wrong.code, wrong.stdout], [64, ''])
  assert.match(wrong.stderr, /^lokean: --ca: ENOENT/)
})

test('to a syslog server it says that nothing is acknowledged', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const server = createServer(socket => { socket.resume() }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(async () => {
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  const { code, stdout } = await lokean(cleanup, ['generate', '--url', `syslog+tcp://127.0.0.1:${port}`, '--records', '700'])
  assert.equal(code, 0)
  assert.match(stdout, /^700 records sent, 0 accepted, .*\n700 were written to the connection\. Syslog acknowledges nothing/)
})
