import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FORMATS } from '../../../../src/worker/formats/table.ts'
import { modelOf } from '../../../helpers/format-model.ts'
import { LineReader } from '../../../helpers/line-reader.ts'
import { scaled } from '../../../helpers/scaled.ts'

/** Compares the kernel with the plain reader. */
const SAMPLES = FORMATS.flatMap(({ samples }) => samples.map(({ line }) => line))
const FRONTS = [
  '2026-01-02T03:04:05.123456789+01:00 stdout F ', '2026-01-02T03:04:05.123456789Z stderr P', 'debug ', 'nova-api ', 'keystone[12]: ',
  '/var/log/x.log ', '\0\0\0', '\ufeff', '\u001b[00;32m', '#033[01;31m', '2026-01-02 03:04:05.678901 ', ' ', '[', 'ERROR ', '{"log":"',
  'text and ', 'Jan  2 03:04:05 host x[12]: ', '[Fri Jan 02 03:04:05.678901 2026] [wsgi:error] [pid 12:tid 34] '
]
const WORDS = [
  'ERROR', '[error]', ' level=error ', 'WARNING x.y [-] z', '|ERR|', '<0.1.0>', ' - WARN  [', '"levelname": "ERROR"',
  ' 0 errors, level=ERROR was not seen'
]
const ODD = ['x'.repeat(990), ' '.repeat(80), '\u001b[m'.repeat(60), '[', ']', '"', '\\', '\n', '#', 'é']
const reader = new LineReader()

function same (line: string | Buffer): void {
  const bytes = Buffer.from(line as string)
  const { format, read } = modelOf(bytes.toString('latin1'))
  const texts = Object.fromEntries(Object.entries(read).map(([name, text]) => [name, Buffer.from(text as string, 'latin1').toString()]))
  assert.deepEqual(reader.read(bytes, 'x[', '] ERROR [req-1]'), { format, read: texts }, JSON.stringify(bytes.toString('latin1')))
}

test('every sample, and every sample cut at every byte', () => {
  for (const line of SAMPLES) {
    const bytes = Buffer.from(line)
    for (let end = 0; end <= bytes.length; end++) same(bytes.subarray(0, end))
  }
})

test('every sample without what stands in front of its second half', () => {
  for (const line of SAMPLES) for (let start = 1; start < line.length / 2; start++) same(line.slice(start))
})

test('every sample behind everything that may stand in front of it, and behind other samples', () => {
  for (const line of SAMPLES) {
    for (const front of FRONTS) same(front + line)
    for (const other of SAMPLES) same(`${other} ${line}`)
  }
})

test('what stands in front of a line changes nothing of what is read', () => {
  for (const { name, begins, untimed, wraps, samples } of FORMATS) {
    for (const { line, read } of samples) {
      if (line.startsWith('{') || wraps === true) continue
      const fronts = [
        '2026-01-02T03:04:05.123456789+01:00 stdout F ', '2026-01-02T03:04:05.123456789Z stderr P ',
        '\0\0\0', '\u001b[00;32m', '#033[01;31m', 'nova-api ', '/var/log/x.log ',
        ...(begins === 'time' && untimed !== true && !/^[a-z]/.test(line) ? ['debug ', 'keystone '] : [])
      ]
      for (const front of fronts) {
        // A line may have a name in front of it already.
        if (/^[\w-]+ /.test(line) && /^[\w/.-]+ $/.test(front)) continue
        assert.deepEqual(reader.read(front + line).read, read, `${name}: ${JSON.stringify(front + line)}`)
      }
    }
  }
})

test('lines made of samples, fronts and words, damaged', () => {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...SAMPLES) }, { weight: 3, arbitrary: fc.constantFrom(...FRONTS) },
    { weight: 2, arbitrary: fc.constantFrom(...WORDS) }, { weight: 1, arbitrary: fc.constantFrom(...ODD) }
  )
  const part = fc.tuple(piece, fc.nat({ max: 200 }), fc.nat({ max: 200 }), fc.constantFrom(0, 0, 1, 2)).map(([text, from, to, how]) =>
    how === 0 ? text : how === 1 ? text.slice(0, to) : text.slice(from % (text.length + 1)))
  const written = fc.constantFrom('', ' ', '[', ']', ':', '|', '"', '{', '0', 'E', '\0', '\u001b', '#033[m', '\t', '\xff')
  const edit = fc.tuple(fc.nat(), written, fc.nat({ max: 2 }))
  const line = fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.array(edit, { maxLength: 3 })).map(([parts, edits]) =>
    edits.reduce((bytes, [at, text, lost]) => {
      const from = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(text, 'latin1'), bytes.subarray(from + lost)])
    }, Buffer.from(parts.join(''))))
  fc.assert(fc.property(line, same), { numRuns: scaled(5000) })
})
