import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Credentials } from '../../../../src/source/amqp/connection.ts'
import { connectionFailure, linkFailure } from '../../../../src/source/amqp/failure.ts'
import { Secret } from '../../../../src/secret.ts'
import { CERTIFICATE } from '../../embedded/bus/certificate.ts'

/** A certificate that ended before it began. Its key was not kept. */
const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBIDCBxgIUQz6m8snSZxWS3SkZm79WsjTKDlMwCgYIKoZIzj0EAwIwDzENMAsG
A1UEAwwEYS1jYTAeFw0yNjExMjIxNTQwMzVaFw0yNjExMjExNTQwMzVaMBYxFDAS
BgNVBAMMC2xva2Vhbi10ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8s7A
1QkXtD0lhx4myM+oycmT9bwXpdm50SZi1GlNRLnF49NqW2TMwfBw7RnqjgkRUn/o
0XLB2nzhyR/NqfM5sDAKBggqhkjOPQQDAgNJADBGAiEAhrEZbrtgM8lYva2ravm3
o4+GhRQ7xlSVduiRoK9djK8CIQDwwaJFe/iAkTG8cE5HPTQFtRK7hgck80IrMnu/
owo0Eg==
-----END CERTIFICATE-----
`
const LOGIN: Credentials = { username: 'reader', password: new Secret('s3cret') }

function error (message: string, fields: object): Error {
  return Object.assign(new Error(message), fields)
}

function failure (cause: unknown, credentials: Credentials = {}, { tls = true, opened = false } = {}): { reason: string, hint?: string } {
  return connectionFailure(cause, { busHost: { host: 'bus.example', port: 5671, tls }, credentials, opened })
}

const ALERT = 'C0:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../ssl/record/rec_layer_s3.c:1605:SSL alert number 116\n'

for (const [what, cause, credentials, reason, hint] of [
  [
    'an authority that the system does not know',
    error('unable to verify the first certificate', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), {}, /^unable/,
    /LOKEAN_AMQP_CA must name a file/
  ],
  [
    'one that is not in the given file', error('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), { ca: CERTIFICATE },
    /^self-signed/, /^LOKEAN_AMQP_CA does not hold/
  ],
  [
    'a certificate that is not valid yet', error('certificate is not yet valid', { code: 'CERT_NOT_YET_VALID' }), {}, /not yet/,
    /valid now \(or the clock here/
  ],
  [
    'a certificate without other names', error('no', { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: { subject: { CN: 'router' } } }), {},
    /^the certificate of the bus is for router, not for bus\.example$/, /LOKEAN_AMQP_URL/
  ],
  [
    'a certificate without any name', error('no', { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: {} }), {}, /is for no name, not for/,
    /LOKEAN_AMQP_URL/
  ],
  [
    'a client certificate that is wanted',
    error(ALERT, { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', reason: 'tlsv13 alert certificate required' }), {},
    /^TLS: tlsv13 alert certificate required$/, /LOKEAN_AMQP_CERT and LOKEAN_AMQP_KEY are not set\.$/
  ],
  [
    'a client certificate that is not trusted', error(ALERT, { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', reason: 'tlsv1 alert unknown ca' }),
    { cert: CERTIFICATE }, /unknown ca$/, /trust who has signed the certificate in LOKEAN_AMQP_CERT\?$/
  ],
  [
    'a client certificate that has expired',
    error(ALERT, { code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', reason: 'sslv3 alert certificate expired' }), { cert: EXPIRED },
    /expired$/, /LOKEAN_AMQP_CERT has expired \(Nov 21 15:40:35 2026 GMT\): renew it\.$/
  ],
  [
    'what is no TLS', error('x', { code: 'ERR_SSL_WRONG_VERSION_NUMBER', reason: 'wrong version number' }), {},
    /^TLS: wrong version number$/, /begin with amqp:\/\/$/
  ],
  [
    'a login that is refused', error('Failed', { condition: 'amqp:unauthorized-access', description: 'Failed' }), LOGIN,
    /^amqp:unauthorized-access: Failed$/, /LOKEAN_AMQP_USERNAME with LOKEAN_AMQP_PASSWORD/
  ],
  [
    'a client certificate in place of a login', error('no', { condition: 'amqp:unauthorized-access', description: 'no' }),
    { cert: CERTIFICATE }, /no$/, /EXTERNAL, and know the subject of LOKEAN_AMQP_CERT/
  ],
  [
    'a login that is missing', error('no', { condition: 'amqp:unauthorized-access', description: 'no' }), {}, /no$/,
    /^the bus wants a login/
  ],
  ['a host without a name', error('getaddrinfo ENOTFOUND bus.example', { code: 'ENOTFOUND' }), {}, /ENOTFOUND/, /LOKEAN_AMQP_URL right\?$/],
  [
    'a name that fails on all addresses', Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }), {}, /^ECONNREFUSED$/,
    /^is the bus up/
  ],
  [
    'an error of the bus that is its own affair', error('full', { condition: 'amqp:resource-limit-exceeded', description: 'full' }), {},
    /^amqp:resource-limit-exceeded: full$/, undefined
  ]
] as Array<[string, Error, Credentials, RegExp, RegExp | undefined]>) {
  test(`no connection: ${what}`, () => {
    const found = failure(cause, credentials)
    assert.match(found.reason, reason)
    if (hint === undefined) assert.equal(found.hint, undefined)
    else assert.match(found.hint ?? '', hint)
    assert.ok(!JSON.stringify(found).includes('s3cret'))
  })
}

test('a connection that ends without a word, before and after the bus has let us in', () => {
  assert.match(failure(undefined, {}, { tls: false }).hint ?? '', /^if this port wants TLS, LOKEAN_AMQP_URL must begin with amqps:/)
  assert.match(failure(undefined).hint ?? '', /LOKEAN_AMQP_CERT and LOKEAN_AMQP_KEY are not set\. If this port speaks no TLS/)
  assert.match(failure(error('read ECONNRESET', { code: 'ECONNRESET' }), { cert: EXPIRED }).hint ?? '', /has expired/)
  const shutOut = 'connection lost before the bus had let us in'
  assert.equal(failure(undefined).reason, shutOut)
  assert.equal(failure(error('read ECONNRESET', { code: 'ECONNRESET' })).reason, `${shutOut}: read ECONNRESET`)
  assert.equal(failure(error('connect ECONNREFUSED', { code: 'ECONNREFUSED' })).reason, 'connect ECONNREFUSED')
  assert.deepEqual(failure(undefined, {}, { opened: true }), { reason: 'connection lost', hint: undefined })
  assert.deepEqual(failure(error('read ECONNRESET', { code: 'ECONNRESET' }), {}, { opened: true }), {
    reason: 'read ECONNRESET', hint: undefined
  })
})

test('a link: which setting asks for the address, and as whom', () => {
  assert.match(linkFailure('no', 'amqp:not-found').hint ?? '', /LOKEAN_AMQP_ADDRESSES/)
  assert.match(linkFailure('no', 'amqp:unauthorized-access').hint ?? '', /LOKEAN_AMQP_USERNAME/)
  assert.match(linkFailure('no', 'amqp:not-allowed').hint ?? '', /LOKEAN_AMQP_USERNAME/)
  assert.deepEqual(linkFailure('no', 'amqp:link:stolen'), { reason: 'no' })
  assert.deepEqual(linkFailure('no'), { reason: 'no' })
})
