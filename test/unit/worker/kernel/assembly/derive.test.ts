import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Encoder } from '../../../../../src/worker/encoder.ts'
import { LEVELS } from '../../../../../src/worker/formats/levels.ts'
import { Fields } from '../../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { single } from '../../../../helpers/encode-records.ts'
import {
  decodeParts, encoderSettings, encodeTask, fieldTexts, lay, mappings, recordText, rsyslogMessage
} from '../../../../helpers/worker-fixtures.ts'

/** Returns what a record with this one field and a silent line becomes. The bytes around the value belong to others. */
function derived (field: string, value: string, before = '', after = ''): Record<string, string> {
  const kernel = new Kernel()
  const fields = new Fields(encoderSettings(), kernel)
  const [start, end] = lay(kernel, value, before, after)
  fields.set(fields.slot(field), start, end)
  kernel.run.derive(start, start)
  const { [field]: own, ...others } = fieldTexts(kernel, fields)
  assert.equal(own, value)
  return others
}

suite('metadata', () => {
  const oslo = '2026-11-22 08:00:01.234 7 ERROR nova [req-1 u p] [instance: i-1] text'
  const metadata = (record: Record<string, unknown>, wanted?: string): Record<string, string> =>
    single(recordText(record), wanted === undefined ? undefined : { metadata: mappings(wanted) }).metadata

  test('from an oslo.log line, before the record\'s own keys', () => {
    assert.deepEqual(metadata({ message: oslo, tag: 'x[9]:', level: 'own', pid: '8' }), {
      level: 'error', pid: '7', request_id: 'req-1', instance_id: 'i-1'
    })
  })

  test('from the record\'s own keys, then from severity and tag', () => {
    assert.deepEqual(metadata({ level: 'own', pid: 12, request_id: 'r', severity: '3', tag: 'x[9]' }), {
      level: 'own', pid: '12', request_id: 'r'
    })
    assert.deepEqual(metadata({ severity: '3', tag: 'x[9]:' }), { level: 'error', pid: '9' })
    assert.deepEqual(metadata({ severity: 'Err', tag: 'x' }), { level: 'error' })
    assert.deepEqual(metadata({ severity: 3 }), { level: 'error' })
  })

  test('on request: any key, under any name', () => {
    assert.deepEqual(metadata({ a: 'b', c: null }, 'severity,facility,tag,x=a,c,nothing'), {
      severity: '5', facility: 'user', tag: 'tag1:', x: 'b'
    })
    assert.deepEqual(metadata({ message: oslo.replace('req-1', 'req-2 req-1') }, 'request_id,global_request_id'), {
      request_id: 'req-1', global_request_id: 'req-2'
    })
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

test('severities are RFC 5424\'s, as digits and as words, and only those', () => {
  const level = (text: string): string | undefined => derived('severity', text, '3', '3').level
  assert.deepEqual([...LEVELS], ['critical', 'error', 'warning', 'info', 'debug'])
  assert.deepEqual([...'01234567'].map(level), ['critical', 'critical', 'critical', 'error', 'warning', 'info', 'info', 'debug'])
  const words = {
    emerg: 'critical',
    PANIC: 'critical',
    alert: 'critical',
    crit: 'critical',
    Error: 'error',
    err: 'error',
    warning: 'warning',
    WARN: 'warning',
    notice: 'info',
    Info: 'info',
    debug: 'debug'
  }
  for (const [word, expected] of Object.entries(words)) assert.equal(level(word), expected, word)
  for (const other of ['', '8', '9', '-', '-1', '05', '5 ', 'errs', 'er', '/', ':', '\u0665']) assert.equal(level(other), undefined, other)
})

test('the pid in a tag', () => {
  const pid = (tag: string): string | undefined => derived('tag', tag, '[', ']:').pid
  const found = {
    'sshd[123]': '123', 'sshd[123]:': '123', 'a[1]': '1', 'a[1234567890]': '1234567890', 'a b[1]': '1', 'a[x][1]': '1', 'é[7]:': '7'
  }
  for (const [tag, expected] of Object.entries(found)) assert.equal(pid(tag), expected, tag)
  const none = [
    '', ':', 'sshd', 'sshd:', 'sshd[]', 'sshd[]:', 'sshd[a]', 'sshd[1a]', 'sshd[12', 'sshd12]', 'sshd[1]x', 'sshd[1]::', 'sshd [1] ',
    'sshd[-1]', 'a[12345678901]', '[1]', '[12]', '[123]', '123]', '1234]', ']', '[]'
  ]
  for (const tag of none) assert.equal(pid(tag), undefined, tag)
})

test('hostname stands in for an empty host, even where nothing is made of the line', () => {
  const kernel = new Kernel()
  const fields = new Fields(encoderSettings({ labels: mappings('host'), metadata: [] }), kernel)
  const hostname = lay(kernel, 'old')
  for (const host of [[0, 0], [hostname[0], hostname[0]]]) {
    fields.clear()
    fields.set(fields.slot('host'), host[0], host[1])
    fields.set(fields.slot('hostname'), ...hostname)
    kernel.run.derive(...hostname)
    assert.deepEqual(fieldTexts(kernel, fields), { host: 'old', hostname: 'old' })
  }
})
