import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'

function read (env: Record<string, string>): Record<string, unknown> {
  const { urls, tenant, username, password, token } = loadConfig(env).config.lokiQuery
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
