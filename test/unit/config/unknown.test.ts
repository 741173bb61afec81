import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownNames } from '../../../src/config/unknown.ts'

test('a mistyped name is named with the nearest one, without its value', () => {
  const cases: Array<[string, string]> = [
    ['LOKEAN_SHARD', 'LOKEAN_SHARDS'], ['LOKEAN_LOKI_URLS', 'LOKEAN_LOKI_URL'], ['LOKEAN_AMQP_ADDRESS', 'LOKEAN_AMQP_ADDRESSES'],
    ['LOKEAN_LOKI_PASSWORD_FIEL', 'LOKEAN_LOKI_PASSWORD_FILE'], ['LOKEAN_LOKI_PUSH_TIMEOUT', 'LOKEAN_PUSH_TIMEOUT'],
    ['LOKEAN_ADMIN_ADRESS', 'LOKEAN_ADMIN_ADDR']
  ]
  for (const [name, meant] of cases) {
    assert.deepEqual(unknownNames({ [name]: 'hunter2' }), [`${name} is not a setting of Lokean and has no effect; the nearest is ${meant}`])
  }
  assert.deepEqual(unknownNames({ LOKEAN_COMPLETELY_ELSEWHERE_AND_LONG: 'x' }), ['LOKEAN_COMPLETELY_ELSEWHERE_AND_LONG is not a setting of Lokean and has no effect'])
})

test('known names, other programs\' names, test names and unset ones pass', () => {
  assert.deepEqual(unknownNames({
    LOKEAN_SHARDS: '1', LOKEAN_LOKI_TOKEN_FILE: '/x', LOKEAN_TEST_LOKI: 'x', LOKEANX: '1', PATH: '/', LOKEAN_SHARD: undefined
  }), [])
})

test('what Kubernetes injects for services called lokean and lokean-x passes', () => {
  const tcp = 'tcp://10.0.0.1:9464'
  assert.deepEqual(unknownNames({
    LOKEAN_PORT: tcp,
    LOKEAN_SERVICE_HOST: '10.0.0.1',
    LOKEAN_SERVICE_PORT: '9464',
    LOKEAN_SERVICE_PORT_METRICS: '9464',
    LOKEAN_PORT_5672_TCP: tcp,
    LOKEAN_PORT_5672_TCP_PROTO: 'tcp',
    LOKEAN_PORT_5672_TCP_PORT: '5672',
    LOKEAN_PORT_5672_TCP_ADDR: '10.0.0.1',
    LOKEAN_ADMIN_PORT: tcp,
    LOKEAN_ADMIN_SERVICE_HOST: '10.0.0.1',
    LOKEAN_ADMIN_SERVICE_PORT_HTTP_METRICS: '9464',
    LOKEAN_ADMIN_PORT_53_UDP_ADDR: '10.0.0.1'
  }), [])
})
