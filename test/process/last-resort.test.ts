import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { FAULT, FAULT_IN_COMMAND } from '../helpers/fault.ts'
import { httpServer } from '../helpers/http-server.ts'
import { BOUNDED, lokean, Program, startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { ADDRESS, NumberedSender, MARKER } from './numbered-sender.ts'
import { Gate } from './gate.ts'

test('errors that nothing caught: told as any line, the bus closed unsettled, exit code 70; the next one takes the rest', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const gate = new Gate()
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept: gate.intercept })
  cleanup.add(async () => {
    gate.open()
    await loki.close()
  })
  const env = { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url }
  let run = startRun(cleanup, { ...env, ...FAULT })
  const sender = await NumberedSender.start(cleanup, bus, 400)
  // An error that is thrown, and a promise that fails with nobody waiting.
  for (const signal of ['SIGUSR2', 'SIGHUP'] as const) {
    const before = bus.stats()[ADDRESS]
    await bus.until(({ [ADDRESS]: { accepted } }) => accepted > before.accepted + 20)
    const { held } = gate
    gate.shut()
    await until('a push is held', () => gate.held > held)
    run.kill(signal)
    const { code, stdout, stderr } = await run.exited
    assert.deepEqual({ code, stderr }, { code: 70, stderr: '' })
    const line = await run.logged('a fault that nothing caught: the process ends, and what is in flight stays with the bus')
    assert.deepEqual([line.level, (line.err as { message: string }).message], ['fatal', 'not foreseen: amqp://[secret]@bus/'])
    assert.ok(!stdout.includes('hunter2'))
    const { [ADDRESS]: stats } = await bus.until(({ [ADDRESS]: { receivers } }) => receivers === 0)
    assert.ok(stats.modified > before.modified, 'it had some in hand, and left them to the bus')
    assert.deepEqual(sender.lost(loki), [])
    gate.open()
    run = startRun(cleanup, { ...env, ...FAULT })
  }
  await sender.done
  assert.equal((await run.stop()).code, 0)
  const { missing, repeated } = loki.store.countIds(MARKER, { expected: sender.records })
  assert.deepEqual({ missing, repeated }, { missing: 0, repeated: 0 })
})

test('without a log it is told on stderr, without secrets', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const run = new Program(cleanup, ['demo', '--records', '1000000', '--rate', '1000'], FAULT)
  await run.said(/are stored/)
  run.kill('SIGUSR2')
  const { code, stderr } = await run.exited
  assert.equal(code, 70)
  assert.match(stderr, /lokean: Error: not foreseen: amqp:\/\/\[secret\]@bus\//)
  assert.ok(!stderr.includes('hunter2'))
})

for (const args of [['demo', '--records', '100'], ['check', '--no-push'], ['generate', '--records', '100']]) {
  test(`an error that ${args[0]} does not foresee: told on stderr, exit code 70`, BOUNDED, async t => {
    const cleanup = Cleanup.of(t)
    const bus = await startBus()
    cleanup.add(async () => { await bus.close() })
    const loki = await startLoki()
    cleanup.add(async () => { await loki.close() })
    const { code, stderr } = await lokean(cleanup, args, { ...FAULT_IN_COMMAND, LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url })
    assert.equal(code, 70, stderr)
    assert.match(stderr, /^lokean: Error: not foreseen: amqp:\/\/\[secret\]@bus\/\n +at .*\/commands\//ms)
    assert.ok(!stderr.includes('hunter2'))
  })
}

test('an error that run does not foresee is logged as a fault that nothing caught, exit code 70', BOUNDED, async t => {
  const run = startRun(Cleanup.of(t), FAULT_IN_COMMAND)
  const { code, stdout, stderr } = await run.exited
  assert.deepEqual({ code, stderr }, { code: 70, stderr: '' })
  const { level, err } = await run.logged('a fault that nothing caught: the process ends, and what is in flight stays with the bus')
  assert.deepEqual([level, (err as { message: string }).message], ['fatal', 'not foreseen: amqp://[secret]@bus/'])
  assert.ok(!stdout.includes('hunter2'))
})

test('a demo whose queries Loki refuses has failed, and tells why: exit code 1', BOUNDED, async t => {
  const { url } = await httpServer(t, (response, { method, url }) => {
    if (method === 'POST') response.writeHead(204).end()
    else if (url.includes('query_range')) response.writeHead(500).end('no')
    else response.end('ready')
  })
  const { code, stderr } = await lokean(Cleanup.of(t), ['demo', '--records', '100'], { LOKEAN_LOKI_URL: url })
  assert.equal(code, 1)
  assert.match(stderr, /^lokean: Loki answered 500 to \/loki\/.*: no$/m)
})
