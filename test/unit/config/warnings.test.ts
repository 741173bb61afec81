import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTION_NAMES } from '../../../src/config/options.ts'
import { load } from './loading.ts'

const LOGIN = { LOKEAN_AMQP_USERNAME: 'u', LOKEAN_AMQP_PASSWORD: 'hunter2' }

for (const [what, env, warned] of [
  ['a password to a bus without TLS', { ...LOGIN, LOKEAN_AMQP_URL: 'amqp://bus' }, /^LOKEAN_AMQP_URL: the password goes to bus without TLS/],
  ['one of several without TLS', { ...LOGIN, LOKEAN_AMQP_URL: 'amqps://a,amqp://b' }, /^LOKEAN_AMQP_URL: the password goes to b without/],
  ['a password in the URL', { LOKEAN_LOKI_URL: 'http://u:hunter2@loki' }, /^LOKEAN_LOKI_URL: the password goes to loki without TLS/],
  ['a token', { LOKEAN_LOKI_URL: 'http://10.0.0.1:3100', LOKEAN_LOKI_TOKEN: 'hunter2' }, /^LOKEAN_LOKI_URL: the token goes to 10\.0\.0\.1 without TLS/],
  ['the login of pushing, for reading', { LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_QUERY_URL: 'http://read', LOKEAN_LOKI_TOKEN: 'hunter2' }, /^LOKEAN_LOKI_QUERY_URL: the token/],
  ['a name that only begins as loopback does', { ...LOGIN, LOKEAN_AMQP_URL: 'amqp://127.example' }, /goes to 127\.example/],
  ['TLS', { ...LOGIN, LOKEAN_AMQP_URL: 'amqps://bus', LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_TOKEN: 'hunter2' }, undefined],
  ['loopback', { ...LOGIN, LOKEAN_AMQP_URL: 'amqp://127.0.0.9,amqp://[::1],amqp://localhost', LOKEAN_LOKI_URL: 'http://a.localhost', LOKEAN_LOKI_TOKEN: 'x' }, undefined],
  ['no login', { LOKEAN_AMQP_URL: 'amqp://bus', LOKEAN_LOKI_URL: 'http://loki' }, undefined],
  ['a bus that is off', { ...LOGIN, LOKEAN_AMQP_URL: 'amqp://bus', LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_LISTEN: 'relp://h:1' }, undefined],
  ['a server name without TLS', { LOKEAN_AMQP_SERVERNAME: 'bus.example' }, /^LOKEAN_AMQP_SERVERNAME has no effect: .*amqps/]
] as const) {
  test(`${warned === undefined ? 'no warning' : 'a warning'}: ${what}`, () => {
    const { warnings } = load(env)
    assert.equal(warnings.length, warned === undefined ? 0 : 1, warnings.join('\n'))
    if (warned !== undefined) assert.match(warnings[0] ?? '', warned)
    assert.doesNotMatch(warnings.join(), /hunter/)
  })
}

test('no setting switches the look at certificates off without saying in its name that this is insecure', () => {
  const suspicious = OPTION_NAMES.filter(name => /VERIFY|SKIP|TRUST|REJECT|CHECK/.test(name) && !name.includes('INSECURE'))
  // This one is about records, not certificates.
  assert.deepEqual(suspicious, ['LOKEAN_LOKI_VERIFY'])
})
