import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { amqpUrls, formatHostPort, listenAddress, lokiUrls } from '../../../src/config/endpoints.ts'

function problem (schema: typeof amqpUrls | typeof lokiUrls | typeof listenAddress, text: string): string {
  const result = schema.safeParse(text)
  return result.success ? assert.fail(`accepted: ${text}`) : result.error.issues[0]?.message ?? ''
}

test('AMQP URLs with their default ports', () => {
  const { urls } = amqpUrls.parse('amqp://a, amqps://b.example/ ,amqp://[::1]:5673,AMQPS://10.0.0.1:443,amqp://compose_name')
  assert.deepEqual(urls, [
    { host: 'a', port: 5672, tls: false }, { host: 'b.example', port: 5671, tls: true }, { host: '::1', port: 5673, tls: false },
    { host: '10.0.0.1', port: 443, tls: true }, { host: 'compose_name', port: 5672, tls: false }
  ])
})

test('AMQP URLs that are refused, with the reason', () => {
  const cases: Array<[string, RegExp]> = [
    ['', /entries/], ['bus:5672', /must be a URL such as amqp/], ['http://bus', /must be a URL such as amqp/],
    ['amqp://', /must name a host/], ['amqp:bus', /must have \/\//],
    ['amqp://bus:99999', /must be a URL/], ['amqp://bus:0', /port 0/], ['amqp://bus/queue', /LOKEAN_AMQP_ADDRESSES/],
    ['amqp://bus?x', /query/], ['amqp://bus#x', /fragment/],
    ['amqp://a,amqp://b/q', /^URL 2 must not have a path/], ['amqp://b us', /must be a URL/], ['amqp://büs', /must name a host/],
    ['amqp://-bus', /must name a host/],
    ['amqp://u:%zz@bus', /%25/], ['amqp://u:%00@bus', /control characters/], ['amqp://:p@bus', /password without a user name/],
    ['amqp://[::g]', /must be a URL/]
  ]
  for (const [text, reason] of cases) assert.match(problem(amqpUrls, text), reason, text)
})

test('Loki URLs keep a path prefix and lose the trailing slash', () => {
  const { urls, credentials } = lokiUrls.parse('http://loki:3100/,https://Loki.Example/a/b//,http://[::1]:80')
  assert.deepEqual(urls, ['http://loki:3100', 'https://loki.example/a/b', 'http://[::1]'])
  assert.equal(credentials, undefined)
})

test('Loki URLs that are refused, with the reason', () => {
  const cases: Array<[string, RegExp]> = [
    ['loki:3100', /must be a URL such as http/], ['ftp://loki', /must be a URL/], ['http:loki', /must have \/\//],
    ['http://loki/loki/api/v1/push', /base URL/], ['http://loki/x/loki/api/v1/push/', /base URL/],
    ['http://loki?tenant=a', /query/], ['http://user:12/34@loki', /percent-encoded/], ['http://loki,', /number 2 is empty/]
  ]
  for (const [text, reason] of cases) assert.match(problem(lokiUrls, text), reason, text)
})

test('any user name and password come back from their percent-encoded form, and not in the URL', () => {
  const part = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text))
  fc.assert(fc.property(part, part, (username, password) => {
    const encoded = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`
    for (const parsed of [amqpUrls.parse(`amqp://${encoded}@bus`), lokiUrls.parse(`http://${encoded}@loki`)]) {
      assert.equal(parsed.credentials?.username, username)
      assert.equal(parsed.credentials.password?.reveal(), password)
      assert.equal(JSON.stringify(parsed.urls).includes('@'), false)
    }
  }))
})

test('no text makes the URL parsers throw', () => {
  const text = fc.oneof(
    fc.string(), fc.webUrl({ withQueryParameters: true }), fc.string().map((rest) => `amqp://${rest}`),
    fc.string().map((rest) => `http://u:${rest}@h`)
  )
  fc.assert(fc.property(text, (input) => {
    for (const schema of [amqpUrls, lokiUrls, listenAddress]) schema.safeParse(input)
  }))
})

test('listen addresses', () => {
  const cases: Array<[string, string, number]> = [
    ['127.0.0.1:9464', '127.0.0.1', 9464], ['0.0.0.0:0', '0.0.0.0', 0], ['localhost:65535', 'localhost', 65535],
    ['[::1]:9464', '::1', 9464], ['[::]:0', '::', 0]
  ]
  for (const [text, host, port] of cases) {
    assert.deepEqual(listenAddress.parse(text), { host, port })
    assert.equal(formatHostPort(host, port), text)
  }
  for (const text of [
    '9464', ':9464', 'host', 'host:', 'host:65536', 'host:-1', '::1:9464', '[::1]', '[host]:1', 'a b:1', 'http://a:1', 'host:1x'
  ]) {
    assert.match(problem(listenAddress, text), /must be host:port/, text)
  }
})
