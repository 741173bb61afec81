import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FORMATS } from '../../../../src/worker/formats/table.ts'
import { LineReader } from '../../../helpers/line-reader.ts'

const reader = new LineReader()

for (const { name, wraps, samples } of FORMATS) {
  test(`samples of ${name}`, () => {
    for (const { line, read } of samples) {
      const found = reader.read(line, 'ERROR [', '] ERROR [req-1]')
      assert.deepEqual(found.read, read, line)
      // A sample may show what is not taken.
      if (wraps !== true && Object.keys(read).length > 0) assert.equal(found.format, name, line)
    }
  })
}
