import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Encoder } from '../../../src/worker/encoder.ts'
import { single } from '../../helpers/encode-records.ts'
import { decodeParts, encoderSettings, encodeTask, mappings, recordText, rsyslogMessage } from '../../helpers/worker-fixtures.ts'

suite('metadata', () => {
  const oslo = '2026-11-22 08:00:01.234 7 ERROR nova [req-1 u p] [instance: i-1] text'
  const metadata = (record: Record<string, unknown>, wanted?: string): Record<string, string> =>
    single(recordText(record), wanted === undefined ? undefined : { metadata: mappings(wanted) }).metadata

  test('from an oslo.log line, before the record\'s own keys', () => {
    assert.deepEqual(metadata({ message: oslo, tag: 'x[9]:', level: 'own', pid: '8' }), { level: 'error', pid: '7', request_id: 'req-1', instance_id: 'i-1' })
  })

  test('from the record\'s own keys, then from severity and tag', () => {
    assert.deepEqual(metadata({ level: 'own', pid: 12, request_id: 'r', severity: '3', tag: 'x[9]' }), { level: 'own', pid: '12', request_id: 'r' })
    assert.deepEqual(metadata({ severity: '3', tag: 'x[9]:' }), { level: 'error', pid: '9' })
    assert.deepEqual(metadata({ severity: 'err', tag: 'x' }), {})
    assert.deepEqual(metadata({ severity: 3 }), { level: 'error' })
  })

  test('on request: any key, under any name', () => {
    assert.deepEqual(metadata({ a: 'b', c: null }, 'severity,facility,tag,x=a,c,nothing'), { severity: '5', facility: 'user', tag: 'tag1:', x: 'b' })
    assert.deepEqual(metadata({ message: oslo.replace('req-1', 'req-2 req-1') }, 'request_id,global_request_id'), { request_id: 'req-1', global_request_id: 'req-2' })
    const name = 'n'.repeat(1024)
    assert.deepEqual(metadata({}, `${name}=tag,${name.slice(0, 128)}=facility`), { [name]: 'tag1:', [name.slice(0, 128)]: 'user' })
  })

  test('made of the message is the line, whichever way the record is read', () => {
    for (const extra of [{}, { n: 1 }]) {
      const { metadata, line } = single(recordText({ message: ' say "a"\n', ...extra }), { metadata: mappings('copy=message,file,level') })
      assert.deepEqual([line, metadata], ['say "a"', { copy: 'say "a"', level: 'info' }])
    }
  })

  test('off', () => assert.deepEqual(single(recordText({ message: oslo, file: 'f' }), { metadata: [] }).metadata, {}))

  test('as labels', () => {
    const { selector } = single(recordText({ message: oslo }), { labels: mappings('cloud,level,pid') })
    assert.deepEqual(selector, { cloud: 'cloud1', level: 'error', pid: '7' })
  })

  test('an unfinished bracket at the end of a line takes nothing from the line that stood there before', () => {
    const encoder = new Encoder(encoderSettings())
    const cut = oslo.slice(0, oslo.indexOf(']', oslo.indexOf('instance')))
    for (const message of [`${cut}]${' '.repeat(50)}]]]]`, cut]) {
      const [entry] = decodeParts(encoder.encode(encodeTask([rsyslogMessage([recordText({ message })])])).parts)
      assert.equal(entry.metadata.instance_id, message === cut ? undefined : 'i-1')
    }
  })
})
