import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { settle } from '../unit/credentials/files.ts'

const RELOADED = 'SIGHUP: looked at the files of the settings, and at the log level'

test('SIGHUP: the files are looked at, and the log level is that of --env-file; the program goes on', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const folder = mkdtempSync(join(tmpdir(), 'lokean-reload-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [envFile, token] = [join(folder, 'env'), join(folder, 'token')]
  writeFileSync(envFile, 'LOKEAN_LOG_LEVEL=info\n')
  writeFileSync(token, 't0ken-one')
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const seen: unknown[] = []
  const server = createServer(({ headers }, response) => {
    seen.push(headers.authorization)
    response.writeHead(500, { connection: 'close' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(() => { server.close().closeAllConnections() })
  const { port } = server.address() as AddressInfo
  const run = startRun(cleanup, {
    LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: `http://127.0.0.1:${port}`, LOKEAN_LOKI_TOKEN_FILE: token
  }, ['--env-file', envFile])
  await run.logged('lokean is up')
  await until('it asks with the first token', () => seen.includes('Bearer t0ken-one'))

  writeFileSync(envFile, 'LOKEAN_LOG_LEVEL=debug\n')
  writeFileSync(token, 't0ken-two')
  settle(token)
  run.kill('SIGHUP')
  await run.logged(RELOADED, ({ logLevel }) => logLevel === 'debug')
  await run.logged('files have changed: new connections use what they hold now')
  await until('it asks with the second token', () => seen.includes('Bearer t0ken-two'))

  writeFileSync(envFile, 'LOKEAN_LOG_LEVEL=loud\n')
  run.kill('SIGHUP')
  const { reason } = await run.logged('SIGHUP: the log level stays as it was')
  assert.match(String(reason), /^LOKEAN_LOG_LEVEL is "loud": must be one of/)

  writeFileSync(envFile, 'LOKEAN_LOG_LEVEL=error\n')
  run.kill('SIGHUP')
  await run.logged(RELOADED, ({ logLevel }) => logLevel === 'error')
  const { code } = await run.stop()
  assert.equal(code, 0)
  assert.ok(!run.log().some(({ msg }) => msg === 'stopped'), 'the log is quiet now')
  assert.doesNotMatch(run.stdout, /t0ken/)
})

test('SIGHUP: what the environment says of the log level wins over the file, as at the start', BOUNDED, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-reload-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const envFile = join(folder, 'env')
  writeFileSync(envFile, 'LOKEAN_LOG_LEVEL=error\n')
  const run = startRun(Cleanup.of(t), { LOKEAN_LOG_LEVEL: 'debug', LOKEAN_LISTEN: 'relp://127.0.0.1:0' }, ['--env-file', envFile])
  await run.logged('lokean is up')
  run.kill('SIGHUP')
  await run.logged(RELOADED, ({ logLevel }) => logLevel === 'debug')
  const { code } = await run.stop()
  assert.equal(code, 0)
})
