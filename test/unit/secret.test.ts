import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import fc from 'fast-check'
import { redactUrl, Secret } from '../../src/secret.ts'

test('only reveal gives a secret away', () => {
  const secret = new Secret('hunter2')
  assert.equal(secret.reveal(), 'hunter2')
  const texts = [
    String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }, { showHidden: true, depth: 9 }),
    format('%s %o %j', secret, secret, secret),
    Object.keys(secret).join(), JSON.stringify(structuredClone({ secret })), JSON.stringify({ ...secret })
  ]
  for (const text of texts) assert.doesNotMatch(text, /hunter2/)
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
})

test('user names and passwords in URLs are hidden, the rest stays', () => {
  const cases: Array<[string, string]> = [
    ['amqp://u:p@bus:5672', 'amqp://[secret]@bus:5672'],
    ['push to https://u:p@loki/x failed, then http://token@other', 'push to https://[secret]@loki/x failed, then http://[secret]@other'],
    ['amqp://u:p/a@ss@bus', 'amqp://[secret]@bus'],
    ['amqp://bus:5672 for admin@example.com', 'amqp://bus:5672 for admin@example.com'],
    ['http://loki:3100/a', 'http://loki:3100/a'],
    ['admin@example.com', 'admin@example.com'],
    ['', '']
  ]
  for (const [text, expected] of cases) assert.equal(redactUrl(text), expected)
})

test('no password survives, wherever the URL stands', () => {
  const password = fc.stringMatching(/^[!-~]{0,12}$/).map((text) => `hunter2${text}hunter2`)
  fc.assert(fc.property(fc.lorem(), password, fc.lorem(), (before, secret, after) => {
    assert.ok(!redactUrl(`${before} amqp://user:${secret}@bus ${after}`).includes('hunter2'))
  }))
})
