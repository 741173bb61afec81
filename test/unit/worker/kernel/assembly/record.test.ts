import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Fields, MESSAGE } from '../../../../../src/worker/input/fields.ts'
import { Kernel, READY, SCAN } from '../../../../../src/worker/kernel/kernel.ts'
import { StreamCache } from '../../../../../src/worker/streams/streams.ts'
import { encoderSettings, fieldTexts, lay, recordText } from '../../../../helpers/worker-fixtures.ts'

const AT_MS = Date.parse('2026-11-22T08:13:28.486Z')
const UNKNOWN = READY - 1

/** A kernel that takes records of the minute around AT_MS, and knows no stream. */
function kernelOf (unescapeNewlines = false): { kernel: Kernel, fields: Fields } {
  const settings = encoderSettings({ unescapeNewlines })
  const kernel = new Kernel()
  const fields = new Fields(settings, kernel)
  new StreamCache(settings, fields, kernel).begin('')
  kernel.run.setWindow(AT_MS - 30_000, AT_MS + 30_000)
  return { kernel, fields }
}

test('a record that needs nothing else has its time, its line, its derived fields and its stream', () => {
  const { kernel, fields } = kernelOf()
  const { run } = kernel
  const take = (message: string): number => run.takeRecord(...lay(kernel, recordText({ message, tag: 'tag1[77]:' })))
  assert.equal(take(' a line\n'), UNKNOWN)
  assert.deepEqual([kernel.seconds, kernel.nanos], [1795335208, 486_506_000])
  const { message, level, pid } = fieldTexts(kernel, fields)
  assert.deepEqual([message, level, pid], ['a line', 'info', '77'])
  run.addStream(3)
  assert.equal(take('another line'), READY + 3)
})

suite('a record that needs more is only scanned', () => {
  const cases: Record<string, [record: string, answer: number]> = {
    'no JSON': ['{', SCAN.LEFT],
    'beyond ASCII': [recordText({ message: ' é' }), SCAN.TAKEN_IF_UTF8],
    'no message': [recordText({ message: undefined }), SCAN.TAKEN],
    'no time': [recordText({ '@timestamp': undefined }), SCAN.TAKEN],
    'a time that is none': [recordText({ '@timestamp': 'now' }), SCAN.TAKEN],
    'a time of another form': [recordText({ '@timestamp': 'Nov 22 08:13:28' }), SCAN.TAKEN],
    'too old': [recordText({ '@timestamp': '2026-11-22T08:12:00Z' }), SCAN.TAKEN],
    'too new': [recordText({ '@timestamp': '2026-11-22T08:14:00Z' }), SCAN.TAKEN],
    'a NUL': [recordText({ message: ' a\0b' }), SCAN.TAKEN],
    'a piece of a longer line, from syslog': [recordText({ message: ' 2026-11-22T08:13:28Z stdout P a' }), SCAN.TAKEN],
    'a piece of a longer line, from a file': [recordText({ message: '2026-11-22T08:13:28Z stdout P a', file: 'f' }), SCAN.TAKEN]
  }
  for (const [name, [record, answer]] of Object.entries(cases)) {
    test(name, () => {
      const { kernel, fields } = kernelOf()
      const span = lay(kernel, record)
      assert.equal(kernel.run.takeRecord(...span), answer)
      if (answer === SCAN.LEFT) return
      const taken = fieldTexts(kernel, fields)
      assert.equal(kernel.run.scan(...lay(kernel, record)), answer)
      assert.deepEqual(fieldTexts(kernel, fields), taken)
    })
  }

  test('escapes of newlines that are to be undone', () => {
    const { kernel, fields } = kernelOf(true)
    assert.equal(kernel.run.takeRecord(...lay(kernel, recordText({ message: ' a#012b' }))), SCAN.TAKEN)
    assert.equal(kernel.bytes.toString('latin1', fields.start(MESSAGE), fields.end(MESSAGE)), ' a#012b')
  })
})

test('times at the edges of the window are taken', () => {
  const { kernel } = kernelOf()
  const at = (ms: number): number =>
    kernel.run.takeRecord(...lay(kernel, recordText({ '@timestamp': new Date(ms).toISOString() })))
  assert.deepEqual([-30_001, -30_000, 30_000, 30_001].map(off => at(AT_MS + off)), [SCAN.TAKEN, UNKNOWN, UNKNOWN, SCAN.TAKEN])
})
