import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeMessage } from '../../../src/generator/message.ts'
import { escapeJson, renderRecord, type LogRecord } from '../../../src/generator/records.ts'
import { recordsOf } from './read-message.ts'

const FIXTURES = join('test', 'fixtures', 'omamqp1')
const cases = JSON.parse(readFileSync(join(FIXTURES, 'index.json'), 'utf8')) as Array<{ file: string, case: string, count: number }>

for (const { file, case: name, count } of cases.filter(({ file }) => file.startsWith('omamqp1-'))) {
  test(`the captured message "${name}" is rebuilt byte for byte from the fields of its records`, () => {
    const captured = readFileSync(join(FIXTURES, file))
    const records = recordsOf(captured)
    assert.equal(records.length, count)
    const rebuilt = records.map(bytes => {
      // Latin-1 keeps every byte, also those of broken UTF-8.
      const {
        '@timestamp': timestamp, ...rest
      } = JSON.parse(bytes.toString('latin1')) as { '@timestamp': string } & Omit<LogRecord, 'timestamp'>
      return Buffer.from(renderRecord({ timestamp, ...rest }), 'latin1')
    })
    assert.deepEqual(encodeMessage(rebuilt), captured)
  })
}

test('characters are escaped as rsyslog does it', () => {
  assert.equal(escapeJson('/"\\\n\t\r\b\f\u0000\u001b\u007fčé'), '\\/\\"\\\\\\n\\t\\r\\b\\f\\u0000\\u001b\u007fčé')
})
