import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { escapeLength, unescapeString } from '../../../src/worker/unescape.ts'
import { stringContent } from '../../helpers/json-text.ts'

/** The text that the content of a JSON string stands for, or undefined where it is left to JSON.parse. */
function unescape (content: string): string | undefined {
  const source = Buffer.from(`ab${content}"cd`)
  const end = source.length - 3
  // As much room as the source takes, which is promised to be enough, with a mark on either side.
  const target = Buffer.alloc(3 + end - 2 + 3, 0xee)
  const to = unescapeString(source, 2, end, target, 3)
  assert.ok(to <= 3 + end - 2)
  assert.deepEqual([...target.subarray(0, 3), ...target.subarray(-3)], Array(6).fill(0xee))
  return to < 0 ? undefined : target.toString('utf8', 3, to)
}

test('any content of a JSON string is unescaped as JSON.parse does it', () => {
  fc.assert(fc.property(stringContent(false), content => {
    const result = unescape(content)
    if (/\\u[dD][89a-fA-F]/.test(content.replaceAll('\\\\', ''))) assert.equal(result, undefined)
    else assert.equal(result, JSON.parse(`"${content}"`))
  }), { numRuns: 3000 })
})

test('every code unit, in small and capital hex digits', () => {
  for (let code = 0; code < 0x10000; code++) {
    const hex = code.toString(16).padStart(4, '0')
    const expected = code >= 0xd800 && code < 0xe000 ? undefined : String.fromCharCode(code)
    if (unescape(`\\u${hex}`) !== expected || unescape(`\\u${hex.toUpperCase()}`) !== expected) assert.fail(`\\u${hex}`)
  }
})

suite('escapeLength', () => {
  const length = (text: string): number => escapeLength(Buffer.from(text), 0, Buffer.byteLength(text))

  test('every byte behind the backslash is taken exactly where JSON.parse takes it', () => {
    for (let byte = 0; byte < 128; byte++) {
      const escape = `\\${String.fromCharCode(byte)}`
      let valid = true
      try { JSON.parse(`"${escape}"`) } catch { valid = false }
      // A backslash before the quote opens an escape there; `\u` needs its digits.
      if (byte === 0x22) valid = true
      assert.equal(length(escape), valid ? 2 : 0, JSON.stringify(escape))
    }
  })

  test('\\u takes four hex digits, each of them', () => {
    for (let byte = 0; byte < 256; byte++) {
      const digit = /[0-9a-fA-F]/.test(String.fromCharCode(byte))
      for (let place = 0; place < 4; place++) {
        const escape = Buffer.from('\\u0000')
        escape[2 + place] = byte
        assert.equal(escapeLength(escape, 0, 6), digit ? 6 : 0, `0x${byte.toString(16)} at ${place}`)
      }
    }
  })

  test('nothing behind the end is looked at', () => {
    const source = Buffer.from('\\u00e9')
    for (let end = 1; end < 6; end++) assert.equal(escapeLength(source, 0, end), 0)
    assert.equal(escapeLength(source, 0, 6), 6)
    assert.equal(escapeLength(Buffer.from('\\n'), 0, 1), 0)
  })
})
