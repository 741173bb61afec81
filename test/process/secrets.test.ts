import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type BusOptions, type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, lokean, startRun } from '../helpers/program.ts'
import { ADDRESS } from './numbered-sender.ts'

const BUS_PASSWORD = 'tR0ub4dor-bus'
const LOKI_PASSWORD = 'c0rrect/horse loki'
const TOKEN = 'glc_eyJvIjoiNDIifQ-token'
const GATEWAY_KEY = 'gk-5f2b9a1c77'
const BASIC = Buffer.from(`pusher:${LOKI_PASSWORD}`).toString('base64')
/** Each secret in every spelling that it takes on its way. */
const SECRETS = [BUS_PASSWORD, LOKI_PASSWORD, encodeURIComponent(LOKI_PASSWORD), BASIC, TOKEN, GATEWAY_KEY]

function assertNoSecret (text: string): void {
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} is in ${text}`)
}

async function busFor (cleanup: Cleanup, options?: BusOptions): Promise<EmbeddedBus> {
  const bus = await startBus(options)
  cleanup.add(async () => { await bus.close() })
  return bus
}

/** A gateway that refuses everybody, and unwisely repeats the credentials. */
async function gateway (cleanup: Cleanup, status: number): Promise<{ host: string, seen: string[] }> {
  const seen: string[] = []
  const server = createServer((req, res) => {
    const { authorization = 'none', 'x-gateway-key': key = 'none' } = req.headers
    seen.push(authorization, String(key))
    req.resume()
    res.writeHead(status, { connection: 'close' }).end(`no access with authorization: ${authorization}\n`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.add(() => {
    server.close()
    server.closeAllConnections()
  })
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

test('a bus and a Loki that refuse the login: it says so and tries on, with no secret in any output', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await busFor(cleanup, { username: 'reader', password: 'another' })
  const loki = await gateway(cleanup, 503)
  const env = {
    LOKEAN_AMQP_URL: `amqp://reader:${BUS_PASSWORD}@127.0.0.1:${bus.port}`,
    LOKEAN_LOKI_URL: `http://${loki.host}`,
    LOKEAN_LOKI_TOKEN: TOKEN,
    LOKEAN_LOKI_HEADERS: `x-gateway-key=${GATEWAY_KEY}`,
    LOKEAN_LOG_LEVEL: 'trace'
  }
  const run = startRun(cleanup, env)
  const [{ reason }] = await Promise.all([
    run.logged('no connection to the bus; trying again'),
    run.logged('Loki is not ready; asking again'),
    lokean(cleanup, ['check', '--json'], env).then(({ code, stdout, stderr }) => {
      assert.equal(code, 1)
      assertNoSecret(stdout + stderr)
    }),
    lokean(cleanup, ['generate', '--records', '1'], env).then(({ code, stdout, stderr }) => {
      assert.equal(code, 1)
      assert.match(stderr, /^lokean: the bus refused the login: .*\n$/)
      assertNoSecret(stdout + stderr)
    })
  ])
  assert.match(String(reason), /amqp:unauthorized-access/)
  assertNoSecret((await run.ask('/readyz')).body + (await run.ask('/metrics')).body)
  const { code, stdout, stderr } = await run.stop()
  assert.equal(code, 0)
  assertNoSecret(stdout + stderr)
  assert.ok(loki.seen.includes(`Bearer ${TOKEN}`), 'the token was used')
  assert.ok(loki.seen.includes(GATEWAY_KEY), 'the header was used')
})

test('credentials from the URL and from a file are used, and shown neither where a push is refused nor at level debug', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await busFor(cleanup, { username: 'reader', password: BUS_PASSWORD })
  const loki = await gateway(cleanup, 401)
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  cleanup.add(() => { rmSync(dir, { recursive: true }) })
  const file = join(dir, 'password')
  writeFileSync(file, `${BUS_PASSWORD}\n`)
  const env = {
    LOKEAN_AMQP_URL: `amqp://127.0.0.1:${bus.port}`,
    LOKEAN_AMQP_USERNAME: 'reader',
    LOKEAN_AMQP_PASSWORD_FILE: file,
    LOKEAN_LOKI_URL: `http://pusher:${encodeURIComponent(LOKI_PASSWORD)}@${loki.host}`,
    LOKEAN_LOG_LEVEL: 'debug',
    LOKEAN_DRAIN_TIMEOUT: '0s'
  }
  const run = startRun(cleanup, env)
  await bus.until(({ [ADDRESS]: address }) => address?.receivers === 1)
  const sending = lokean(cleanup, ['generate', '--records', '10'], env)
  const refused = await run.logged('a push to Loki failed; it is tried again')
  assert.equal(refused.reason, 'blocked')
  await run.logged('push')
  const { body } = await run.ask('/readyz')
  assert.match(body, /401/)
  const check = await lokean(cleanup, ['check'], env)
  assert.equal(check.code, 1)
  assert.match(check.stdout, /^MEND .*401/m)
  const ended = await run.stop()
  assert.equal(ended.code, 0)
  await bus.close()
  for (const text of [body, check.stdout, check.stderr, ended.stdout, ended.stderr]) assertNoSecret(text)
  assert.ok(loki.seen.includes(`Basic ${BASIC}`), 'the password was used')
  void sending
})

test('a wrong setting that holds a password is refused without it', async t => {
  const cleanup = Cleanup.of(t)
  const { code, stdout, stderr } = await lokean(cleanup, ['run'], {
    LOKEAN_AMQP_URL: `amqp://reader:${BUS_PASSWORD}@bus.example:port`,
    LOKEAN_LOKI_URL: `ftp://pusher:${encodeURIComponent(LOKI_PASSWORD)}@loki.example`,
    LOKEAN_LOKI_TOKEN: `${TOKEN} with a space`
  })
  assert.equal(code, 78)
  for (const name of ['LOKEAN_AMQP_URL', 'LOKEAN_LOKI_URL', 'LOKEAN_LOKI_TOKEN']) {
    assert.match(stderr, new RegExp(`^lokean: ${name} is `, 'm'))
  }
  assertNoSecret(stdout + stderr)
})
