import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { Cleanup } from '../helpers/cleanup.ts'
import { accept, RelpServer } from '../helpers/relp-server.ts'
import { until } from '../helpers/until.ts'
import { Authority } from './certificates.ts'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'
import { RSYSLOGD } from './rsyslog-daemon.ts'
import { MARKER, OMRELP, OSSL, RsyslogSender } from './rsyslog-sender.ts'

const RSYSLOG = { what: 'rsyslog', probe: ['test', '-x', RSYSLOGD] } as const
const PATIENCE_MS = 60_000
const BY_RELP = { ...needs(RSYSLOG, OMRELP, 'openssl'), timeout: 120_000 }
const BY_SYSLOG = { ...needs(RSYSLOG, OSSL, 'openssl'), timeout: 120_000 }

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

function numberOf (record: string): number {
  const { message, source, cloud } = JSON.parse(record) as Record<string, string>
  assert.deepEqual([source, cloud], ['app', 'cloud1'])
  return Number(message.slice(message.lastIndexOf(MARKER) + MARKER.length))
}

/** TLS as Node has it by default, with a certificate of the authority that the configuration names. */
function serverTls (authority: Authority, name = 'server'): { cert: string, key: string } {
  const { cert, key } = authority.issue(name)
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

test('relp.conf reaches a server with Node\'s TLS: each record once, in order', BY_RELP, async t => {
  const authority = new Authority(folder(t))
  const server = await RelpServer.start(Cleanup.of(t), accept, { tls: serverTls(authority) })
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port: server.port, ca: authority.ca })
  await rsyslog.log(2_000)
  await until('all has come', () => server.records.length >= 2_000, PATIENCE_MS)
  assert.deepEqual(server.records.map(numberOf), upTo(2_000))
  await rsyslog.stop()
  assert.equal(server.peers[0].frames.at(-1)?.command, 'close')
})

test('relp.conf goes on with a renewed certificate of the same authority', BY_RELP, async t => {
  const authority = new Authority(folder(t))
  const first = await RelpServer.start(Cleanup.of(t), accept, { tls: serverTls(authority, 'first') })
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port: first.port, ca: authority.ca })
  await rsyslog.log(100)
  await until('all has come', () => first.records.length === 100, PATIENCE_MS)
  await first.close()
  await rsyslog.log(100)
  const second = await RelpServer.start(Cleanup.of(t), accept, { tls: serverTls(authority, 'second'), port: first.port })
  const numbers = (): Set<number> => new Set([...first.records, ...second.records].map(numberOf))
  await until('the rest has come', () => numbers().size === 200, PATIENCE_MS)
})

test('syslog-tls.conf reaches a server with Node\'s TLS, each record with its length', BY_SYSLOG, async t => {
  const authority = new Authority(folder(t))
  let received = Buffer.alloc(0)
  const server = createServer(serverTls(authority), socket => {
    socket.on('error', () => {})
    socket.on('data', bytes => { received = Buffer.concat([received, bytes]) })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  Cleanup.of(t).add(async () => {
    server.close()
    await once(server, 'close')
  })
  const rsyslog = await RsyslogSender.start(t, { conf: 'syslog-tls.conf', port: (server.address() as AddressInfo).port, ca: authority.ca })
  Cleanup.of(t).add(async () => { await rsyslog.stop('SIGKILL') })
  await rsyslog.log(1_000)
  await until('all has come', () => received.includes(`${MARKER}999"`), PATIENCE_MS)
  const numbers: number[] = []
  for (let at = 0; at < received.length;) {
    const [head, count] = /^(\d+) /.exec(received.toString('latin1', at, at + 10)) ?? assert.fail('no count')
    at += head.length + Number(count)
    numbers.push(numberOf(received.toString('utf8', at - Number(count), at)))
  }
  assert.deepEqual(numbers, upTo(1_000))
})
