import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonFields } from '../../../../../src/embedded/loki/query/json-fields.ts'
import { logfmtFields } from '../../../../../src/embedded/loki/query/logfmt-fields.ts'
import { labelNameOf } from '../../../../../src/embedded/loki/query/parser-stage.ts'
import '../../../../helpers/seeded-properties.ts'

/** What a reader of all values finds, in order. */
function leaves (value: object, path: string[] = []): Array<{ path: string[], value: string }> {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const here = [...path, key]
    if (inner === null || Array.isArray(inner)) return []
    if (typeof inner === 'object') return leaves(inner, here)
    return [{ path: here, value: typeof inner === 'string' ? inner : JSON.stringify(inner) }]
  })
}

test('every text, number and boolean of an object is found, whatever its blanks', () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  fc.assert(fc.property(objects, fc.constantFrom('', ' ', '\t', 1, 3), (object, blanks) => {
    const own = JSON.parse(JSON.stringify(object)) as object
    assert.deepEqual(jsonFields(JSON.stringify(own, null, blanks)), { fields: leaves(own), fault: undefined })
  }))
})

test('an object that is cut short has a fault, and no field that it does not hold', () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 }), fc.nat(), (object, at) => {
    const text = JSON.stringify(object)
    const { fields, fault } = jsonFields(text.slice(0, at % text.length))
    assert.ok(fault !== undefined)
    const whole = jsonFields(text).fields
    // Of the last one, a number may be cut.
    assert.deepEqual(fields.slice(0, -1), whole.slice(0, Math.max(fields.length - 1, 0)))
  }))
})

test('numbers stay as they are written, control characters as they are; a depth without end is a fault', () => {
  const { fields } = jsonFields('{"a":1.10,"b":12345678901234567890,"c":"x\ty","d":"\\q"}')
  assert.deepEqual(fields.map(({ value }) => value), ['1.10', '12345678901234567890', 'x\ty', ''])
  assert.notEqual(jsonFields('{"a":'.repeat(100_000)).fault, undefined)
})

test('any pairs are read back', () => {
  const word = fc.string({ minLength: 1 }).map(text => text.replaceAll(/[\0- ="\\]/g, 'x'))
  const pair = fc.record({ key: word, value: fc.string() }, { noNullPrototype: true })
  fc.assert(fc.property(fc.array(pair), pairs => {
    const line = pairs.map(({ key, value }) => `${key}=${JSON.stringify(value)}`).join(' ')
    assert.deepEqual(logfmtFields(line, true), { fields: pairs, fault: undefined })
  }))
})

test('any text is read to its end', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '=', '"', '\\', ' ', '\n', 'é') }), line => {
    assert.equal(logfmtFields(line, false).fault, undefined)
  }))
})

test('a name of a label is made of any key', () => {
  fc.assert(fc.property(fc.array(fc.string(), { maxLength: 3 }), path => { assert.match(labelNameOf(path), /^(?:[a-zA-Z_][a-zA-Z0-9_]*)?$/) }))
  assert.equal(labelNameOf(['1', ' ', 'b.c']), '_1_b_c')
})
