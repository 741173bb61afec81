import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { EqualTimes } from '../../../../src/source/delivery/equal-times.ts'

const counts = (records: readonly string[], times = new EqualTimes()): number[] =>
  records.map(record => times.count(Buffer.from(`x${record}x`), 1, 1 + Buffer.byteLength(record)))

suite('counts', () => {
  const same: Record<string, string[]> = {
    'RFC 3164': ['<13>Nov 27 10:00:00 a b: c', '<11>Nov 27 10:00:00 d e[7]: f', 'Nov 27 10:00:00 g'],
    'RFC 5424': ['<13>1 2026-11-27T10:00:00Z a b - - - c', '<191>1 2026-11-27T10:00:00Z d - - - - e'],
    'a date of RFC 3339': ['<13>2026-11-27T10:00:00.5+01:00 a b: c', '2026-11-27T10:00:00.5+01:00 d e: f'],
    JSON: ['{"@timestamp":"2026-11-27T10:00:00Z", "host":"a"}', '{"@timestamp":"2026-11-27T10:00:00Z","host":"b"}']
  }
  for (const [name, records] of Object.entries(same)) test(name, () => assert.deepEqual(counts(records), records.map((_, i) => i)))

  test('each time by itself', () => {
    const at = (second: number): string => `<13>Nov 27 10:00:0${second} a b: c`
    assert.deepEqual(counts([at(1), at(2), at(1), at(3), at(2), at(1)]), [0, 0, 1, 0, 1, 2])
  })

  test('each connection by itself', () => {
    const record = '<13>Nov 27 10:00:00 a b: c'
    assert.deepEqual([counts([record, record]), counts([record, record])], [[0, 1], [0, 1]])
  })
})

test('no time, no count', () => {
  for (const record of ['', 'a b', '<13>', '<13', '{', '{"a":"b"}', 'text without one', `${'x'.repeat(100)}: y`]) {
    assert.deepEqual(counts([record, record, record]), [0, 0, 0], record)
  }
})

test('within a few seconds, whole seconds of many sources are not forgotten', () => {
  const times = new EqualTimes()
  const seconds = Array.from({ length: 8 }, (_, second) => `<13>Nov 27 10:00:0${second} a b: c`)
  const most = seconds.map(() => 0)
  for (let i = 0; i < 100; i++) for (const [second, record] of seconds.entries()) most[second] = counts([record], times)[0]
  assert.ok(most.filter(count => count === 99).length >= 6, `at most two seconds share a place (${most.join(' ')})`)
})
