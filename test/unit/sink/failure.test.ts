import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fixed } from '../../../src/provider.ts'
import { LokiClient } from '../../../src/sink/client.ts'
import { connectionFailure, type Failure } from '../../../src/sink/failure.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'
import { CERTIFICATE as OTHER_NAME, PRIVATE_KEY as OTHER_KEY } from '../config/tls-material.ts'
import { httpServer, tcpServer } from '../../helpers/http-server.ts'

function failed (fields: object, message = 'm', access = {}): Failure {
  return connectionFailure(Object.assign(new Error(message), fields), { url: 'https://loki.example:3100', ...access })
}

test('each error of a connection has its own sentence and setting', () => {
  const reason = { reason: 'tlsv13 alert certificate required' }
  const cases: Array<[failure: Failure, message: RegExp, hint: RegExp | undefined]> = [
    [failed({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), /nobody who is trusted here/, /^LOKEAN_LOKI_CA must name/],
    [failed({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'm', { ca: CERTIFICATE }), /nobody who is trusted here/, /^LOKEAN_LOKI_CA does not hold/],
    [failed({ code: 'CERT_HAS_EXPIRED' }, 'certificate has expired'), /out of date \(certificate has expired\)$/, /valid now/],
    [failed({ code: 'CERT_NOT_YET_VALID' }), /out of date/, /clock here/],
    [
      failed({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: { subjectaltname: 'DNS:a, DNS:b' } }), /is for DNS:a, DNS:b, not for loki\.example$/,
      /^LOKEAN_LOKI_URL or LOKEAN_LOKI_SERVERNAME must name Loki/
    ],
    [failed({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', ...reason }), /wants one/, /LOKEAN_LOKI_CERT and LOKEAN_LOKI_KEY are not set/],
    [failed({ code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', ...reason }, 'm', { cert: CERTIFICATE }), /refuses/, /trust who has signed/],
    [failed({ code: 'ERR_SSL_WRONG_VERSION_NUMBER', reason: 'wrong version number' }), /^no TLS is spoken/, /begin with http:\/\/$/],
    [failed({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', reason: 'version' }), /^TLS failed \(version\)$/, /versions and ciphers/],
    [failed({ code: 'ENOTFOUND' }, 'getaddrinfo ENOTFOUND loki.example'), /^the name loki\.example cannot be found/, /name resolution/],
    [failed({ code: 'ECONNREFUSED' }, 'connect ECONNREFUSED'), /^nothing listens there \(connect ECONNREFUSED\)$/, /\(loki\.example:3100\)/],
    [failed({ name: 'TimeoutError' }), /^no answer in time$/, /LOKEAN_LOKI_URL/],
    [failed({ name: 'HTTPParserError', data: 'SSH-2.0-OpenSSH' }), /^what answers is no HTTP$/, /LOKEAN_LOKI_URL/],
    [failed({ name: 'HTTPParserError' }), /^what answers is no HTTP$/, /LOKEAN_LOKI_URL/],
    [failed({ code: 'ECONNRESET', cause: new Error('because') }, 'read ECONNRESET'), /^read ECONNRESET: because$/, undefined],
    [failed({ code: 'ECONNRESET' }, ''), /^ECONNRESET$/, undefined]
  ]
  for (const [{ message, hint }, expected, setting] of cases) {
    assert.match(message, expected)
    if (setting === undefined) assert.equal(hint, undefined, message)
    else assert.match(hint ?? '', setting, message)
  }
})

async function pushTo (t: TestContext, url: string, access: { ca?: string } = {}): Promise<Failure> {
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000, login: fixed(access) }, 'test')
  t.after(async () => { await client.close() })
  const answer = await client.push(0, '', new Uint8Array(0), new AbortController().signal)
  assert.ok(answer.kind === 'retry' && answer.reason === 'connection')
  return { message: answer.message, hint: answer.hint }
}

test('real peers: another certificate, no TLS, TLS at a plain URL, a bus', async t => {
  const tls = await httpServer(t, response => { response.end() }, { key: KEY, cert: CERTIFICATE })
  const renamed = await httpServer(t, response => { response.end() }, { key: OTHER_KEY, cert: OTHER_NAME })
  const plain = await httpServer(t, response => { response.end() })
  const bus = await tcpServer(t, socket => { socket.once('data', () => socket.end('AMQP\0\x01\0\0')) })
  const alerting = await tcpServer(t, socket => { socket.once('data', () => socket.end(Buffer.from('15030100020246', 'hex'))) })

  assert.match((await pushTo(t, tls.url)).hint ?? '', /^LOKEAN_LOKI_CA must name/)
  assert.match((await pushTo(t, renamed.url, { ca: OTHER_NAME })).message, /is for .*, not for 127\.0\.0\.1$/)
  assert.deepEqual(await pushTo(t, plain.url.replace('http:', 'https:')), {
    message: 'no TLS is spoken at this port', hint: 'if this port speaks plain HTTP, LOKEAN_LOKI_URL must begin with http://'
  })
  assert.equal((await pushTo(t, `http://127.0.0.1:${bus.port}`)).message, 'an AMQP bus answers at this port')
  assert.deepEqual(await pushTo(t, `http://127.0.0.1:${alerting.port}`), {
    message: 'TLS is spoken at this port', hint: 'LOKEAN_LOKI_URL must begin with https://'
  })
})
