import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FORMATS } from '../../../src/worker/formats/table.ts'

/** The inputs of files, each with the parameters that decide what becomes a record. */
const TEXT = readFileSync('deploy/rsyslog/containers.conf', 'utf8')
const INPUTS = TEXT.match(/^input\([^]*?"\)$/gm) ?? []
const [START = ''] = INPUTS.map(input => /startmsg\.regex="([^"]*)"/.exec(input)?.[1])
/** No class by a name and no escape but that of a tab: POSIX and JavaScript read the same in it. */
const start = new RegExp(START)

const TIME = '2026-01-02 03:04:05.678'
const FRAMES = [
  'Traceback (most recent call last):', '  File "x.py", line 1, in y', '    [x for x in y]', 'x.Error: no', '', '[instance: i] x.Error: no',
  '[in]'
]
const LEVELS = ['ERROR', 'CRITICAL', 'TRACE']
const TRACEBACK = [
  '  File "x.py", line 1', '\tat x.Y.z(Y.java:12)', ' ', '',
  ...FRAMES.flatMap(text => LEVELS.map(level => `${TIME} 7 ${level} nova.compute.manager ${text}`))
]
const CONTEXTS = ['[-]', '[None req-1 - -]', '[req-1 u p]', '[greq-1 req-2]', '[gNone req-1]', '[6f1c1c1e-0000 u]', '[istant]']

test('every input of files joins lines, and as the others do', () => {
  assert.equal(INPUTS.length, TEXT.split('type="imfile"').length - 1)
  for (const input of INPUTS) {
    for (const parameter of [`startmsg.regex="${START}"`, 'escapeLF="off"', 'readTimeout="2"']) assert.ok(input.includes(parameter), input)
  }
  assert.doesNotMatch(START, /\[:|\\[^t]|\?|\{/)
})

test('every sample of every format begins a record, except for a line of a traceback', () => {
  for (const { name, samples } of FORMATS) {
    for (const { line } of samples) {
      const continues = / TRACE [\w.]+ (\[instance|Nova| )/.test(line)
      assert.equal(start.test(line), !continues, `${name}: ${line}`)
    }
  }
  const odd = ['text', '{', '7', '2026', '-', '12:', TIME, `${TIME} 7`, `${TIME} 7 ERROR`]
  for (const line of odd) assert.match(line, start)
})

test('lines of tracebacks begin none, and those that oslo.log begins a record with do', () => {
  for (const line of TRACEBACK) assert.doesNotMatch(line, start)
  for (const context of CONTEXTS) {
    for (const level of LEVELS) assert.match(`${TIME} 7 ${level} nova.compute.manager ${context} x`, start)
  }
})
