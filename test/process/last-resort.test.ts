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

for (const [signal, what] of [
  ['SIGUSR2', 'an error that nothing catches'], ['SIGHUP', 'a promise that fails with nobody waiting']
] as const) {
  test(`${what}: told as any line, the bus closed unsettled, exit code 70; the next one takes the rest`, BOUNDED, async t => {
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
    const run = startRun(cleanup, { ...env, ...FAULT })
    const sender = await NumberedSender.start(cleanup, bus, 200)
    await bus.until(({ [ADDRESS]: { accepted } }) => accepted > 20)
    gate.shut()
    await until('a push is held', () => gate.held > 0)
    run.kill(signal)
    const { code, stdout, stderr } = await run.exited
    assert.deepEqual({ code, stderr }, { code: 70, stderr: '' })
    const line = await run.logged('a fault that nothing caught: the process ends, and what is in flight stays with the bus')
    assert.deepEqual([line.level, (line.err as { message: string }).message], ['fatal', 'not foreseen: amqp://[secret]@bus/'])
    assert.ok(!stdout.includes('hunter2'))
    const { [ADDRESS]: stats } = await bus.until(({ [ADDRESS]: { receivers } }) => receivers === 0)
    assert.ok(stats.modified > 0, 'it had some in hand, and left them to the bus')
    assert.deepEqual(sender.lost(loki), [])

    gate.open()
    const next = startRun(cleanup, env)
    await sender.done
    assert.equal((await next.stop()).code, 0)
    const { missing, repeated } = loki.store.countIds(MARKER, { expected: sender.records })
    assert.deepEqual({ missing, repeated }, { missing: 0, repeated: 0 })
  })
}

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

for (const [what, told] of [
  ['refuses', /^lokean: Loki answered 500 to \/loki\/.*: no$/m], ['does not answer', /^lokean: Loki did not answer \/loki\//m]
] as const) {
  test(`a demo whose queries Loki ${what} has failed, and tells why: exit code 1`, BOUNDED, async t => {
    const { url } = await httpServer(t, (response, { method, url }) => {
      if (method === 'POST') response.writeHead(204).end()
      else if (!url.includes('query_range')) response.end('ready')
      else if (what === 'refuses') response.writeHead(500).end('no')
      else response.destroy()
    })
    const { code, stderr } = await lokean(Cleanup.of(t), ['demo', '--records', '100'], { LOKEAN_LOKI_URL: url })
    assert.equal(code, 1)
    assert.match(stderr, told)
  })
}
