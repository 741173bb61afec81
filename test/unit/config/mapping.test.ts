import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fixedTenant, labels, metadata, tenantRule } from '../../../src/config/mapping.ts'

function refused (schema: typeof labels | typeof tenantRule | typeof fixedTenant, text: string): string {
  const result = schema.safeParse(text)
  return result.success ? assert.fail(`accepted: ${text}`) : result.error.issues[0]?.message ?? ''
}

test('labels by name, and by name and field', () => {
  assert.deepEqual(labels.parse('cloud, service_name = source,_x=@odd-key'), [
    { name: 'cloud', field: 'cloud' }, { name: 'service_name', field: 'source' }, { name: '_x', field: '@odd-key' }
  ])
})

test('labels that are refused, with the reason', () => {
  const many = Array.from({ length: 101 }, (_, index) => `l${index}`).join()
  const cases: Array<[string, RegExp]> = [
    ['', /empty/], ['a,', /empty/], ['off-', /label names/], ['1a', /label names/], ['a.b', /label names/], ['ä', /label names/],
    ['=a', /label names/],
    ['a=', /must name a key/], ['a=b=c', /name or name=field/], ['a=b c', /must name a key/], ['a={b}', /must name a key/],
    ['a="b"', /must name a key/],
    ['__name__', /start with __/], ['a,b=a,a', /"a" is there twice/], [many, /at most 100 names \(there are 101\)/],
    [`a${'b'.repeat(1024)}`, /label names/]
  ]
  for (const [text, reason] of cases) assert.match(refused(labels, text), reason, text)
  assert.equal(labels.parse(many.replace(',l100', '')).length, 100)
  assert.match(refused(labels, 'a{x="y"}'), /label names/)
})

test('metadata takes dots and off', () => {
  assert.deepEqual(metadata.parse('off'), [])
  assert.deepEqual(metadata.parse('detected_level'), [{ name: 'detected_level', field: 'level' }])
  assert.deepEqual(metadata.parse('detected_level=severity'), [{ name: 'detected_level', field: 'severity' }])
  assert.deepEqual(metadata.parse('level,trace.id=tid'), [{ name: 'level', field: 'level' }, { name: 'trace.id', field: 'tid' }])
})

test('metadata that is refused: names that Loki makes equal, and too many', () => {
  assert.match(refused(metadata, 'a.b,a_b'), /"a_b" is there twice/)
  assert.match(refused(metadata, '__a'), /start with __/)
  assert.match(refused(metadata, '.a'), /metadata names/)
  assert.match(refused(metadata, Array.from({ length: 25 }, (_, index) => `m${index}`).join()), /at most 24/)
})

test('no text gives a label that Loki would not take', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z_.=,{}" ]{0,20}$/)), (text) => {
    const result = labels.safeParse(text)
    if (!result.success) return
    for (const { name, field } of result.data) {
      assert.match(name, /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/)
      assert.ok(field.length > 0 && !/[\s"\\{}]/.test(field))
    }
  }))
})

test('tenants: none, fixed, from a field', () => {
  assert.deepEqual(tenantRule.parse('none'), { kind: 'none' })
  assert.deepEqual(tenantRule.parse('{cloud}'), { kind: 'field', field: 'cloud' })
  assert.deepEqual(tenantRule.parse('{ cloud }'), { kind: 'field', field: 'cloud' })
  for (const tenant of ["a!-_.*'()9", '...', 'x'.repeat(150)]) {
    assert.deepEqual(tenantRule.parse(tenant), { kind: 'fixed', tenant })
    assert.equal(fixedTenant.parse(tenant), tenant)
  }
})

test('tenants that Loki would not take', () => {
  for (const text of ['', '.', '..', 'a b', 'a|b', 'a/b', 'ä', 'a\r\nX: y', 'x'.repeat(151)]) {
    for (const schema of [tenantRule, fixedTenant]) assert.match(refused(schema, text), /must be a tenant/, text)
  }
  for (const text of ['{}', '{a', 'a}', '{a}{b}', '{a b}', 'x{a}']) assert.match(refused(tenantRule, text), /must be a tenant/, text)
  assert.match(refused(fixedTenant, '{cloud}'), /must be a tenant/)
})
