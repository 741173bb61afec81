import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { overwritten, Redactor } from '../../../../src/worker/redaction/redactor.ts'
import { viewOf } from '../../../../src/worker/redaction/view.ts'

const redactor = new Redactor([
  { name: 'token', text: 'Token', pattern: 'Token: (\\S+)' },
  { name: 'pass', text: 'password', pattern: '(?:"password": ?"[^"]*"|password=[^ ,"\\\\]*)' }
])

function value (text: string): string {
  const bytes = Buffer.from(text)
  return redactor.marked(bytes, redactor.find(bytes)).toString()
}

function raw (text: string): string {
  const bytes = Buffer.from(text)
  return redactor.marked(bytes, redactor.findRaw(bytes)).toString()
}

test('the first group, or the whole match, becomes the name of the rule', () => {
  assert.equal(value('a Token: s3cret, Token: ümlaut b'), 'a Token: [redacted:token] Token: [redacted:token] b')
  assert.equal(value('password=hunter2 is in {"password": "x y"}'), '[redacted:pass] is in {[redacted:pass]}')
  assert.equal(value('no Token here, and no passwor'), 'no Token here, and no passwor')
})

test('matches that overlap become one, of the first rule', () => {
  assert.equal(value('Token: password=a,b c'), 'Token: [redacted:token] c')
  assert.equal(value(value('Token: password=a,b c')), 'Token: [redacted:token] c', 'a second time changes nothing')
})

test('bytes that are no UTF-8 are matched as they are', () => {
  const bytes = Buffer.concat([Buffer.of(0xff), Buffer.from('Token: ab'), Buffer.of(0xfe, 0x20, 0xff)])
  assert.deepEqual(redactor.find(bytes), [{ start: 8, end: 11, rule: 0 }])
  const expected = Buffer.concat([Buffer.of(0xff), Buffer.from('Token: *** '), Buffer.of(0xff)])
  assert.deepEqual(overwritten(bytes, redactor.findRaw(bytes)), expected)
})

test('in a record that nobody could read, a secret is found behind escapes, and in each string by itself', () => {
  assert.equal(raw('{"message":"{\\"password\\":\\"hunter2\\"}","x":1'), '{"message":"{[redacted:pass]}","x":1')
  assert.equal(raw('{"message":"\\u0054oken:\\u0020hunter2'), '{"message":"\\u0054oken:\\u0020[redacted:token]')
  // A match that begins in front of the string would take only part of what the string has.
  const greedy = new Redactor([{ name: 'x', text: 'key', pattern: '[a-z":]{9}key.{4}' }])
  const bytes = Buffer.from('{"aaaa":"bbbbbbbbbkey1234","c":"d"}')
  assert.match(greedy.marked(bytes, greedy.findRaw(bytes)).toString(), /^\{"aaaa":"\[redacted:x\]"/)
})

test('what is far too long for a pattern is taken out unread, and nothing of it stays', () => {
  const hostile = 'Token: '.repeat(100_000)
  const secret = `${hostile}Token: hunter2`
  for (const found of [value(secret), raw(`"${secret}`)]) assert.ok(!found.includes('hunter2'))
  const far = `${'x'.repeat(3_000_000)} Token: hunter2 ${'y'.repeat(3_000_000)}`
  for (const found of [value(far), raw(far)]) assert.ok(found === far.replace('hunter2', '[redacted:token]'))
})

test('a view has what JSON.parse has, and knows where each byte came from', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.boolean(), (text, beyond) => {
    const json = JSON.stringify(text)
    const escape = (one: string): string => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
    const written = Buffer.from(beyond ? json.replace(/[^\0-\x7f]/g, escape) : json)
    const { text: view, origin, quotes } = viewOf(written)
    assert.equal(view.toString(), `"${Buffer.from(text).toString()}"`)
    assert.deepEqual(quotes, [0, view.length - 1])
    for (let at = 0; at < view.length; at++) {
      assert.ok(origin[at] <= origin[at + 1])
      // A byte of ASCII that no backslash wrote is the same in both.
      if (view[at] < 0x80 && written[origin[at]] !== 0x5c) assert.equal(written[origin[at]], view[at])
    }
    assert.equal(origin[view.length], written.length)
  }))
})

test('a secret is never left, whatever stands around it and however it is written', () => {
  const unit = fc.constantFrom('"', '\\', 'T', 'Token: ', ' ', 'password=', 'x', '\n', 'é', '{', ',', ':')
  const around = fc.string({ unit, maxLength: 12 })
  fc.assert(fc.property(around, around, fc.boolean(), (before, behind, isCut) => {
    const text = `${before} Token: hunter2 ${behind}`
    assert.doesNotMatch(value(text), /hunter2/)
    const json = JSON.stringify({ a: before, message: text, b: behind })
    assert.doesNotMatch(raw(isCut ? json.slice(0, json.indexOf('hunter2') + 7) : json), /hunter2/)
  }))
})
