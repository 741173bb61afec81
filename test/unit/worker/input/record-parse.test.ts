import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '../../../../src/worker/output/arena.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { parseRecord } from '../../../../src/worker/input/record-parse.ts'
import { anyCharacter } from '../../../helpers/characters.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { encoderSettings, fieldTexts, lay, mappings } from '../../../helpers/worker-fixtures.ts'

const settings = encoderSettings({ labels: mappings('cloud,a=__proto__,b=constructor'), metadata: [] })
const kernel = new Kernel()
const fields = new Fields(settings, kernel)
const arena = new Arena(settings, fields, kernel)

function parse (text: string): string | Record<string, string> {
  // Values of an earlier record must not show through.
  const [start, end] = lay(kernel, 'former')
  for (let slot = 0; slot < fields.names.length; slot++) fields.set(slot, start, end)
  arena.clear(end)
  const reason = parseRecord(text, fields, bytes => arena.place(bytes))
  return reason ?? fieldTexts(kernel, fields)
}

suite('reasons', () => {
  const cases: Record<string, [text: string, reason: string]> = {
    nothing: ['', 'empty'],
    'white space': [' \n\t\r ', 'empty'],
    'no JSON': ['hello', 'invalid_json'],
    'cut JSON': ['{"message":"x', 'invalid_json'],
    'text behind': ['{"message":"x"} {', 'invalid_json'],
    'a string': ['"x"', 'not_object'],
    'a number': ['1', 'not_object'],
    true: ['true', 'not_object'],
    null: ['null', 'not_object'],
    'an array': ['[{"message":"x"}]', 'not_object']
  }
  for (const [name, [text, reason]] of Object.entries(cases)) test(name, () => assert.equal(parse(text), reason))
})

suite('values', () => {
  const cases: Record<string, [text: string, fields: Record<string, string>]> = {
    'nothing that is asked for': ['{"x":"y"}', {}],
    'an empty object': ['{}', {}],
    strings: ['{"message":"a\\n\\u00e9","host":""}', { message: 'a\n\u00e9', host: '' }],
    'null counts as absent': ['{"message":null,"host":"h"}', { host: 'h' }],
    'numbers and booleans': ['{"message":1.50,"pid":-7,"level":true}', { message: '1.5', pid: '-7', level: 'true' }],
    'a time that is a number keeps all of its digits': [
      '{"@timestamp": 1, "x":"@timestamp", "@timestamp" : 1767323045678901234}', { '@timestamp': '1767323045678901234' }
    ],
    'objects and arrays': ['{"message":{"a" : [1, null]},"tag":[]}', { message: '{"a":[1,null]}', tag: '[]' }],
    'a surrogate pair': ['{"message":"\\ud83d\\ude00"}', { message: '\u{1f600}' }],
    'a lone surrogate is replaced': ['{"message":"a\\ud800b"}', { message: 'a\ufffdb' }],
    'the last of equal keys': ['{"message":"a","message":"b"}', { message: 'b' }],
    'names that every object has, only where the record has them': ['{"message":"a"}', { message: 'a' }],
    'the same names as keys of their own': [
      '{"__proto__":"p","constructor":"c"}', Object.fromEntries([['constructor', 'c'], ['__proto__', 'p']])
    ],
    'a deep value that nobody asked for': [`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"message":"m"}`, { message: 'm' }]
  }
  for (const [name, [text, fields]] of Object.entries(cases)) test(name, () => assert.deepEqual(parse(text), fields))
})

test('any JSON object gives the text of its values', () => {
  const { names } = fields
  fc.assert(fc.property(fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue()), record => {
    const expected = names.flatMap(name => {
      const value = Object.hasOwn(record, name) ? record[name] : null
      return value === null ? [] : [[name, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString()]]
    })
    assert.deepEqual(parse(JSON.stringify(record)), Object.fromEntries(expected))
  }), { numRuns: scaled(1000) })
})

test('any text gives fields or a reason, and never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: anyCharacter }), fc.json()), text => { parse(text) }), { numRuns: scaled(1000) })
})
