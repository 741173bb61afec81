import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { tryAdmin } from '../../src/commands/check/admin.ts'
import { loadConfig } from '../../src/config/load.ts'
import { AmqpPeer } from '../helpers/amqp-peer.ts'
import { httpServer, tcpServer } from '../helpers/http-server.ts'
import { record } from '../helpers/messages.ts'
import { bus, certified, loki, ofBus, ofLoki, ofRecord, ofRun, portOf, say, type Scenario, send, thrown } from '../helpers/told.ts'
import { CERTIFICATE as cert, KEY as key } from '../unit/embedded/bus/certificate.ts'

/** By the text of the page, as it stands there. */
const SCENARIOS: Record<string, Scenario> = {
  'LOKEAN_WORKERS is "…": must be': () => thrown({ LOKEAN_WORKERS: 'many' }),
  'is not a setting of Lokean and has no effect; the nearest is …': () => thrown({ LOKEAN_SHARD: '2' }),
  'LOKEAN_LISTEN has …: the port is in use': async t => {
    const { port } = await tcpServer(t, () => {})
    const env = { LOKEAN_LISTEN: `relp://127.0.0.1:${port}` }
    return await Promise.resolve(ofRun({ env }, async () => {})(t, () => true)).catch((error: unknown) => (error as Error).message)
  },
  'the port is in use, and not by Lokean': async t => {
    const { port } = await tcpServer(t, socket => { socket.destroy() })
    return JSON.stringify(await tryAdmin(loadConfig({ LOKEAN_ADMIN_ADDR: `127.0.0.1:${port}` }).config.admin))
  },
  'is the bus up, and LOKEAN_AMQP_URL right?': async (_t, wanted) => await ofBus('amqp://127.0.0.1:1', wanted),
  'an HTTP server answers at this port, not a bus': async (t, wanted) => await ofBus((await loki(t)).replace('http:', 'amqp:'), wanted),
  'TLS is spoken at this port': async (t, wanted) => await ofBus((await bus(t, { tls: { cert, key } })).replace('amqps:', 'amqp:'), wanted),
  'the bus speaks no TLS at this port': async (t, wanted) => await ofBus((await bus(t)).replace('amqp:', 'amqps:'), wanted),
  'the system does not know who has signed the certificate of the bus': async (t, wanted) => await ofBus(await bus(t, { tls: { cert, key } }), wanted),
  'the bus wants a login': async (t, wanted) => await ofBus(await bus(t, { username: 'u', password: 'p' }), wanted),
  'does the bus have this address?': async (t, wanted) => {
    const peer = await AmqpPeer.listen(t, { refuse: () => ({ condition: 'amqp:not-found', description: 'none' }) })
    return await ofBus(`amqp://127.0.0.1:${peer.port}`, wanted)
  },
  'an AMQP bus answers at this port, not Loki': async t => await ofLoki((await bus(t)).replace('amqp:', 'http:')),
  'where Loki says 204: something else answers, such as a login page': async t => {
    const { url } = await httpServer(t, response => { response.end('<title>Log in</title>') })
    return await ofLoki(url)
  },
  'a redirect, such as to a login page, and no answer of Loki': async t => {
    const { url } = await httpServer(t, response => { response.writeHead(302, { location: '/login' }).end() })
    return await ofLoki(url)
  },
  'no push endpoint is there': async t => await ofLoki(`${await loki(t)}/prefix`),
  'Loki wants a tenant': async t => await ofLoki(await loki(t, { authEnabled: true })),
  'LOKEAN_LOKI_TOKEN is not taken': async t => {
    const url = await loki(t, { intercept: () => ({ kind: 'answer', status: 401, text: 'no' }) })
    return await ofLoki(url, { LOKEAN_LOKI_TOKEN: 'old' })
  },
  'Loki is starting, or one of its parts is down': async t => {
    const { url } = await httpServer(t, response => { response.writeHead(503).end('Ingester not ready') })
    return await ofLoki(url)
  },
  'a push to Loki failed; it is tried again': ofRun(
    { loki: { intercept: () => ({ kind: 'answer', status: 500, text: 'no' }) } }, async stack => { await send(stack, record({})) }
  ),
  'structured metadata, but this feature is disallowed': async t => await ofLoki(await loki(t, { limits: { metadata: false } })),
  'Loki wants the label … of every stream': async t => await ofLoki(await loki(t, { limits: { enforcedLabels: ['cluster'] } })),
  'some records are held until what stops them is mended': ofRun(
    { loki: { limits: { enforcedLabels: ['cluster'] } } }, async stack => { await send(stack, record({})) }
  ),
  'max_line_size is … bytes, and Loki refuses longer lines': async t => {
    const url = await loki(t, { version: '3.7.6', limits: { lineBytes: 1_000 }, publishedLimits: [] })
    return await ofLoki(url, { LOKEAN_LOKI_TENANT: 'a' })
  },
  'A record like this goes to quarantine (no_timestamp)': async t => await ofRecord(t, { '@timestamp': undefined }),
  'none that is known': async t => await ofRecord(t, { message: 'a text' }),
  '#012 may be a newline that rsyslog has escaped': async t => await ofRecord(t, { message: 'a#012b' }),
  'a record has a host that is no host name, or a source that is no tag': ofRun(
    {}, async stack => { await send(stack, record({ host: 'no host', source: 'of,this' })) }
  ),
  'a tenant has as many streams as LOKEAN_MAX_STREAMS allows': ofRun(
    { env: { LOKEAN_MAX_STREAMS: '1' } }, async stack => { await send(stack, record({ host: 'a' }), record({ host: 'b' })) }
  ),
  'what came is no TLS': async (t, wanted) => await ofRun(
    { env: { ...certified(t), LOKEAN_LISTEN: 'relps://127.0.0.1:0' } }, async (stack, t) => { await say(stack, t, '1 open 0 \n') }
  )(t, wanted),
  'a sender showed no certificate': async (t, wanted) => await ofRun(
    { env: { ...certified(t), LOKEAN_LISTEN: 'relps://127.0.0.1:0' } }, async (stack, t) => {
      const socket = connect({ port: portOf(stack), host: '127.0.0.1', ca: cert }).on('error', () => {})
      t.after(() => { socket.destroy() })
      await once(socket, 'secureConnect')
    }
  )(t, wanted),
  'all places are taken: further senders wait': ofRun(
    { env: { LOKEAN_LISTEN: 'relp://127.0.0.1:0', LOKEAN_LISTEN_MAX_CONNECTIONS: '1' } },
    async (stack, t) => { for (let i = 0; i < 2; i++) await say(stack, t, '1 open 0 \n') }
  ),
  'a record is longer than LOKEAN_LISTEN_MAX_FRAME_BYTES': ofRun(
    { env: { LOKEAN_LISTEN: 'syslog+tcp://127.0.0.1:0', LOKEAN_LISTEN_MAX_FRAME_BYTES: '8KiB' } },
    async (stack, t) => { await say(stack, t, `<13>${'x'.repeat(20_000)}\n`) }
  )
}

/** The texts in code at the beginning of the rows, in order. */
function entries (): string[] {
  const [, section] = readFileSync('deploy/README.md', 'utf8').split('## Troubleshooting\n')
  return [...section.split('Nothing is said, and yet:')[0].matchAll(/^\| `([^`]+)`/gm)].map(([, text]) => text)
}

test('the page has what can be made to happen, and nothing else', () => {
  assert.deepEqual(entries(), Object.keys(SCENARIOS))
})

for (const [text, scenario] of Object.entries(SCENARIOS)) {
  test(`it says: ${text}`, async t => {
    const wanted = (said: string): boolean => text.split('…').every(part => said.includes(part))
    const said = await scenario(t, wanted)
    assert.ok(wanted(said), said)
  })
}
