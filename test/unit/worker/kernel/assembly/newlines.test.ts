import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { lay } from '../../../../helpers/worker-fixtures.ts'

const kernel = new Kernel()

test('rsyslog\'s newlines and tabs are undone as replaceAll does it, whatever stands around the text', () => {
  const piece = fc.constantFrom('#012', '#011', '#01', '#0', '#', '0', '1', '2', '11', '12', 'x'.repeat(15), ' ')
  const text = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join(''))
  fc.assert(fc.property(text, text, text, (before, text, after) => {
    const [start, end] = lay(kernel, text, before, after)
    const to = kernel.run.unescapeNewlines(start, end)
    const read = (from: number, to: number): string => kernel.bytes.toString('latin1', from, to)
    // Left to right: what an escape leaves makes no new one.
    const expected = text.replace(/#01[12]/g, escape => escape === '#012' ? '\n' : '\t')
    assert.deepEqual([read(start, to), read(start - before.length, start), read(end, end + after.length)], [expected, before, after])
  }), { numRuns: scaled(2000) })
})
