import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { type Program, startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { ADDRESS, MARKER } from '../process/numbered-sender.ts'
import { folder, freePorts, PeerProcess } from './peer-process.ts'

/** Debian has no package of the router. */
const ROUTER = process.env.LOKEAN_TEST_ROUTER ?? ''
const RUN_FOR_MS = 110_000
const CONFIGURATION = join('deploy', 'qdrouterd', 'qdrouterd.conf')

async function received (program: Program): Promise<number> {
  return Number(/^lokean_messages_received_total\{.*\} (\d+)$/m.exec((await program.ask('/metrics')).body)?.[1])
}

test('a real router, as compose.yaml configures it: an instance killed and one added, then the router killed; nothing missing, nothing doubled', {
  skip: ROUTER === '' && 'LOKEAN_TEST_ROUTER names no qdrouterd'
}, async t => {
  const cleanup = Cleanup.of(t)
  const [port] = await freePorts(1)
  const conf = join(folder(t), 'qdrouterd.conf')
  writeFileSync(
    conf, readFileSync(CONFIGURATION, 'utf8').replace('host: 0.0.0.0', 'host: 127.0.0.1').replace('port: 5672', `port: ${port}`)
  )
  const start = async (): Promise<PeerProcess> => await PeerProcess.start(t, ROUTER, ['-c', conf], { ready: /Listening on/ })
  let router = await start()
  const { url, store, stats, close } = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity } })
  cleanup.add(close)
  const add = (): Program => startRun(cleanup, { LOKEAN_AMQP_URL: `amqp://127.0.0.1:${port}`, LOKEAN_LOKI_URL: url }, [], RUN_FOR_MS)
  const [first, second] = [add(), add()]
  await Promise.all([first.logged('receiving'), second.logged('receiving')])

  const records = 120_000
  const stop = new AbortController()
  cleanup.add(() => stop.abort())
  const generator = createGenerator({ hosts: 40, seed: 11, recordsPerMessage: 50 })
  const sending = startSenders({
    url: `amqp://127.0.0.1:${port}`, addresses: [ADDRESS], generator, records, rate: 12_000, connections: 2, window: 64, signal: stop.signal
  })
  const reached = async (share: number): Promise<void> => await until(
    `${share} of it is stored`, () => stats().entries >= share * records, 60_000
  )
  await reached(0.2)
  assert.ok(await received(first) > 0 && await received(second) > 0, 'the router shares the messages out')
  await first.stop('SIGKILL')
  const third = add()
  await third.logged('receiving')
  await reached(0.5)
  assert.ok(await received(third) > 0, 'the one that joined has its share')
  await router.stop('SIGKILL')
  router = await start()

  const { accepted, rejected, resent, seconds } = await sending
  assert.deepEqual({ accepted, rejected }, { accepted: records, rejected: 0 })
  assert.ok(resent > 0, 'some were on their way')
  const { missing, repeated, unexpected } = store.countIds(MARKER, { expected: records })
  assert.deepEqual({ missing, repeated, unexpected }, { missing: 0, repeated: 0, unexpected: 0 })
  t.diagnostic(`${records} records in ${seconds.toFixed(1)} s, ${resent} sent again, ${stats().duplicates} delivered again after they were stored`)
  for (const program of [second, third]) {
    const { code, stderr } = await program.stop()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  }
})
