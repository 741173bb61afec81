import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryUsage } from '../../bench/harness/program/process-usage.ts'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, record } from '../helpers/messages.ts'
import { BOUNDED, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'
import { Gate } from './gate.ts'
import { ADDRESS } from './numbered-sender.ts'

const NEEDED = { ...BOUNDED, skip: memoryUsage(process.pid) === undefined && 'it reads /proc' }

/** A message with so many records of 60 KiB. */
function large (records: number, host: string): Buffer {
  const text = 'x'.repeat(60 * 1024)
  return message(Array.from({ length: records }, (_, i) => record({ host, message: `${i} ${text}` })))
}

test('what a stall, a burst and a giant message took goes back to the machine when nothing follows', NEEDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const gate = new Gate()
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: gate.intercept })
  cleanup.add(async () => {
    gate.open()
    await loki.close()
  })
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url, LOKEAN_INFLIGHT_BYTES: '128MiB' })
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  await sender.deliver(message([record()]))
  const fresh = memoryUsage(run.pid)!.nowMb

  gate.shut()
  const burst = Array.from({ length: 100 }, async (_, i) => await sender.deliver(large(16, `burst-${i}`)))
  await until('pushes are held, and messages behind them', () => gate.held > 0 && bus.stats()[ADDRESS].unsettled > 50)
  gate.open()
  await Promise.all(burst)
  await sender.deliver(large(1024, 'giant'))

  const { peakMb } = memoryUsage(run.pid)!
  assert.ok(peakMb > 2.5 * fresh, `it took much: ${peakMb} MB at most, ${fresh} MB fresh`)
  await until('it has given back', () => memoryUsage(run.pid)!.nowMb <= 2 * fresh)
})
