import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, Program, startRun } from '../helpers/program.ts'
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
