import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'

function read (env: Record<string, string>): Record<string, unknown> {
  const { urls, tenant, login: { current: { username, password, token } } } = loadConfig(env).config.lokiQuery
  return { urls, tenant, username, password: password?.reveal(), token: token?.reveal() }
}

const PUSH = { LOKEAN_LOKI_URL: 'http://push:3100', LOKEAN_LOKI_USERNAME: 'pusher', LOKEAN_LOKI_PASSWORD: 'p1' }

test('without settings of its own, reading is as pushing', () => {
  assert.deepEqual(read(PUSH), { urls: ['http://push:3100'], tenant: undefined, username: 'pusher', password: 'p1', token: undefined })
})

test('a login for reading replaces that of pushing as a whole', () => {
  assert.deepEqual(
    read({ ...PUSH, LOKEAN_LOKI_QUERY_URL: 'http://read:3100/loki', LOKEAN_LOKI_QUERY_TOKEN: 't0', LOKEAN_LOKI_QUERY_TENANT: 'all' }),
    { urls: ['http://read:3100/loki'], tenant: 'all', username: undefined, password: undefined, token: 't0' }
  )
  assert.deepEqual(
    read({ LOKEAN_LOKI_TOKEN: 't1', LOKEAN_LOKI_QUERY_URL: 'http://reader:p2@read' }),
    { urls: ['http://read'], tenant: undefined, username: 'reader', password: 'p2', token: undefined }
  )
})

test('half a login, and two of them, are refused by the names for reading', () => {
  const refused = (env: Record<string, string>, line: RegExp): void => { assert.throws(() => loadConfig(env), line) }
  refused({ ...PUSH, LOKEAN_LOKI_QUERY_USERNAME: 'reader' }, /LOKEAN_LOKI_QUERY_USERNAME is set without LOKEAN_LOKI_QUERY_PASSWORD/)
  refused(
    { LOKEAN_LOKI_QUERY_URL: 'http://reader:p2@read', LOKEAN_LOKI_QUERY_TOKEN: 't0' },
    /LOKEAN_LOKI_QUERY_TOKEN is set together with a user name in LOKEAN_LOKI_QUERY_URL/
  )
})

test('one tenant for reading fits one tenant of pushing: else a look-up would take the record of one for that of another', () => {
  const verify = { LOKEAN_LOKI_VERIFY: 'on', LOKEAN_LOKI_QUERY_TENANT: 'everyone' }
  assert.equal(loadConfig({ ...verify, LOKEAN_LOKI_TENANT: 'acme' }).config.verify, true)
  assert.equal(loadConfig({ LOKEAN_LOKI_VERIFY: 'on', LOKEAN_LOKI_TENANT: '{cloud}' }).config.verify, true)
  const addresses = ['a;tenant=x,b;tenant=y', 'a;tenant=x,b'].map(LOKEAN_AMQP_ADDRESSES => ({ LOKEAN_AMQP_ADDRESSES }))
  const several = [{ LOKEAN_LOKI_TENANT: '{cloud}' }, ...addresses]
  for (const env of several) {
    assert.throws(() => loadConfig({ ...verify, ...env }), /LOKEAN_LOKI_QUERY_TENANT is set, and records go to several tenants/)
  }
})
