import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import { DELIVERY_BYTES } from '../../src/source/amqp/credit.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, type Program, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'
import { ADDRESS, MARKER, NumberedSender } from './numbered-sender.ts'
import { Gate } from './gate.ts'

interface Site { cleanup: Cleanup, bus: EmbeddedBus, loki: EmbeddedLoki, gate: Gate, env: Record<string, string> }

/** A bus, and a Loki behind a gate. Both outlive the programs between them. */
async function site (cleanup: Cleanup): Promise<Site> {
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const gate = new Gate()
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: gate.intercept })
  cleanup.add(async () => {
    gate.open()
    await loki.close()
  })
  return { cleanup, bus, loki, gate, env: { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url } }
}

/** Waits until `run` has stored a part of the load and holds more that Loki does not answer. */
async function underLoad ({ bus, gate }: Site, stored = false): Promise<void> {
  const before = bus.stats()[ADDRESS].accepted
  await bus.until(({ [ADDRESS]: { accepted } }) => accepted > before + 20)
  const { held } = gate
  gate.shut({ stored })
  await until('a push is held', () => gate.held > held)
  await bus.until(({ [ADDRESS]: { unsettled } }) => unsettled > 10)
}

function reconcile ({ loki }: Site, sender: NumberedSender): void {
  const { missing, repeated, unexpected } = loki.store.countIds(MARKER, { expected: sender.records })
  assert.deepEqual({ missing, repeated, unexpected }, { missing: 0, repeated: 0, unexpected: 0 })
}

test('SIGTERM and SIGINT under load: what was taken is stored and settled, the next one takes the rest', BOUNDED, async t => {
  const all = await site(Cleanup.of(t))
  const { cleanup, bus, loki, gate, env } = all
  let run = startRun(cleanup, env)
  const sender = await NumberedSender.start(cleanup, bus, 700)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await underLoad(all)
    run.kill(signal)
    await run.logged('stopping: taking no more, storing what is in flight')
    gate.open()
    const { code, stderr } = await run.exited
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const { unsettledBytes, resentRecords, redeliveredRecords } = await run.logged('stopped')
    assert.deepEqual([unsettledBytes, resentRecords, redeliveredRecords], [0, 0, 0])

    const { [ADDRESS]: stats } = await bus.until(({ [ADDRESS]: { receivers } }) => receivers === 0)
    assert.equal(stats.delivered, stats.accepted + stats.modified, 'each delivery was stored or went back')
    assert.equal(stats.rejected, 0)
    assert.ok(sender.accepted.size > 0 && sender.accepted.size < sender.records, 'it was under load')
    assert.deepEqual(sender.lost(loki), [])
    run = startRun(cleanup, env)
  }
  await sender.done
  assert.equal((await run.stop()).code, 0)
  assert.deepEqual(sender.lost(loki), [])
  reconcile(all, sender)
})

test('SIGKILL under load: the bus gives the rest to the next one, and what was stored already stays once', BOUNDED, async t => {
  const all = await site(Cleanup.of(t))
  const { cleanup, bus, loki, gate, env } = all
  const killed = startRun(cleanup, env)
  const sender = await NumberedSender.start(cleanup, bus, 600)
  await underLoad(all, true)
  assert.equal((await killed.stop('SIGKILL')).signal, 'SIGKILL')
  const { [ADDRESS]: stats } = await bus.until(({ [ADDRESS]: { receivers } }) => receivers === 0)
  assert.ok(stats.modified > 0, 'it died with some in hand')
  assert.deepEqual(sender.lost(loki), [])
  assert.ok(sender.accepted.size < sender.records, 'it was under load')

  gate.open()
  const next = startRun(cleanup, env)
  await sender.done
  assert.equal((await next.stop()).code, 0)
  reconcile(all, sender)
  assert.ok(loki.stats().duplicates > 0, 'the store was given some of them twice')
})

/** Starts a program that holds `messages` messages while Loki is silent. Also returns their bytes. */
async function stuck (all: Site, env: Record<string, string> = {}): Promise<{ run: Program, bytes: number, outcome: Promise<string> }> {
  const { cleanup, bus, gate } = all
  gate.shut()
  const run = startRun(cleanup, { ...all.env, ...env })
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  const { message } = createGenerator({ hosts: 1, seed: 1, recordsPerMessage: 20 }).next()
  const outcome = sender.send(message)
  await until('Loki has a push', () => gate.held > 0)
  return { run, bytes: message.length, outcome }
}

test('the drain timeout: what Loki does not take in time goes back to the bus, unaccepted', BOUNDED, async t => {
  const all = await site(Cleanup.of(t))
  const { run, bytes, outcome } = await stuck(all, { LOKEAN_DRAIN_TIMEOUT: '300ms' })
  assert.equal((await run.stop()).code, 0)
  const { level, unsettledBytes } = await run.logged('stopped by the drain timeout: what is unsettled stays with the bus')
  assert.deepEqual({ level, unsettledBytes }, { level: 'warn', unsettledBytes: bytes + DELIVERY_BYTES })
  assert.equal(await outcome, 'modified')
  const { delivered, accepted, modified, released, rejected } = all.bus.stats()[ADDRESS]
  assert.deepEqual({
    delivered, accepted, modified, released, rejected
  }, { delivered: 1, accepted: 0, modified: 1, released: 0, rejected: 0 })
})

test('a second signal ends it at once, and what it had goes back to the bus', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  await Promise.all([['SIGTERM', 'SIGTERM', 143], ['SIGTERM', 'SIGINT', 130]].map(async ([first, second, expected]) => {
    const all = await site(cleanup)
    const { run, outcome } = await stuck(all)
    run.kill(first as NodeJS.Signals)
    await run.logged('stopping: taking no more, storing what is in flight')
    assert.equal(run.exit, undefined, 'it waits for Loki')
    const { code } = await run.stop(second as NodeJS.Signals)
    assert.equal(code, expected)
    assert.equal(await outcome, 'modified')
    assert.equal(all.bus.stats()[ADDRESS].accepted, 0)
  }))
})
