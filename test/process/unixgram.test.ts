import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { record } from '../helpers/messages.ts'
import { BOUNDED, startRun } from '../helpers/program.ts'
import { needsUnixDgram, socketPath, UnixSender } from '../helpers/unix-sender.ts'
import { until } from '../helpers/until.ts'

const NEEDED = { ...needsUnixDgram(), ...BOUNDED }
const LISTENING = 'listening for datagrams: nothing that comes this way is acknowledged'

test('a Lokean that is killed leaves no reading process and no socket behind, and the next one stores what comes', NEEDED, async t => {
  const cleanup = Cleanup.of(t)
  const loki = await startLoki()
  cleanup.add(loki.close)
  const path = socketPath(cleanup)
  const env = { LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_SOCKET: `unixgram:${path}`, LOKEAN_LOKI_URL: loki.url }
  const killed = startRun(cleanup, env)
  await killed.logged(LISTENING)
  const second = await startRun(cleanup, env).exited
  assert.deepEqual([second.code, second.stderr], [78, `lokean: LOKEAN_SOCKET is "unixgram:${path}": another process listens there\n`])
  // The reading process shares stderr, so this waits for its end too.
  await killed.stop('SIGKILL')
  assert.ok(!existsSync(path))
  const run = startRun(cleanup, env)
  await run.logged(LISTENING)
  const { bus, socket } = await run.logged('lokean is up')
  assert.deepEqual({ bus, socket }, { bus: undefined, socket: env.LOKEAN_SOCKET })
  const sender = new UnixSender(cleanup, path)
  for (let i = 0; i < 500; i++) await sender.send(record({ message: `id=${i}` }))
  await until('all is stored', () => loki.store.countIds('id=', { expected: 500 }).missing === 0)
  assert.equal((await run.ask('/readyz')).status, 200)
  assert.match((await run.ask('/metrics')).body, /lokean_link_up\{address="unixgram:[^"]*"\} 1/)
  const { code, stderr } = await run.stop()
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(!existsSync(path))
})
