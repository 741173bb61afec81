import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '../../helpers/encode-records.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { mappings } from '../../helpers/worker-fixtures.ts'

const KEYS = { keys: mappings('@timestamp=ts,message=msg,host=node,severity=prio'), metadata: mappings('level,text=msg') }
const TIME = '2026-11-22T08:13:28Z'

test('keys that the settings name are read in place of the template\'s, by the scanner and by JSON.parse', () => {
  for (const more of [{}, { number: 7 }]) {
    const record = { ts: TIME, msg: 'a line', node: 'host1', prio: '3', source: 'app', message: 'other', host: 'other', severity: '7' }
    const { entries: [entry], counts } = encode([JSON.stringify({ ...record, ...more })], KEYS)
    assert.deepEqual([entry.line, counts, entry.metadata], ['a line', {}, { level: 'error', text: 'a line' }])
    assert.deepEqual([parseSelector(entry.labels).host, parseSelector(entry.labels).source], ['host1', 'app'])
  }
})

test('a record with the template\'s keys lacks what it needs then', () => {
  assert.deepEqual(encode([JSON.stringify({ '@timestamp': TIME, message: 'x', source: 'app' })], KEYS).counts, { no_message: 1 })
})
