import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Fields, MESSAGE } from '../../../../../src/worker/input/fields.ts'
import { Kernel, SCAN } from '../../../../../src/worker/kernel/kernel.ts'
import { stringContent } from '../../../../helpers/json-text.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { encoderSettings, lay } from '../../../../helpers/worker-fixtures.ts'

const kernel = new Kernel()
const fields = new Fields(encoderSettings(), kernel)

/** Returns the text of a JSON string's content, or undefined where JSON.parse has to read it. */
function unescape (content: string | Buffer): string | undefined {
  const text = Buffer.concat([Buffer.from('{"message":"'), Buffer.from(content as string), Buffer.from('"}')])
  const [start, end] = lay(kernel, text)
  if (kernel.run.scan(start, end) === SCAN.LEFT) return undefined
  const [from, to] = [fields.start(MESSAGE), fields.end(MESSAGE)]
  assert.equal(from, start + 12, 'where it lay')
  assert.ok(to <= end - 2, 'never longer than it was')
  assert.equal(kernel.bytes.toString('latin1', end - 2, end), '"}', 'and what is behind it as it was')
  return kernel.bytes.toString('utf8', from, to)
}

const parsed = (content: string): string => JSON.parse(`"${content}"`) as string
const ESCAPES = ['\\n', '\\"', '\\\\', '\\u0000', '\\u007f', '\\u0080', '\\u00e9', '\\u07ff', '\\u0800', '\\uffff']
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

test('any content of a JSON string is unescaped as JSON.parse does it', () => {
  fc.assert(fc.property(stringContent(false), content => {
    const result = unescape(content)
    if (/\\u[dD][89a-fA-F]/.test(content.replaceAll('\\\\', ''))) assert.equal(result, undefined)
    else assert.equal(result, parsed(content))
  }), { numRuns: scaled(3000) })
})

test('every code unit, in small and capital hex digits', () => {
  for (let code = 0; code < 0x10000; code++) {
    const hex = code.toString(16).padStart(4, '0')
    const expected = code >= 0xd800 && code < 0xe000 ? undefined : String.fromCharCode(code)
    if (unescape(`\\u${hex}`) !== expected || unescape(`\\u${hex.toUpperCase()}`) !== expected) assert.fail(`\\u${hex}`)
  }
})

suite('text around escapes, which is moved 16 bytes at a time', () => {
  for (const escape of ESCAPES) {
    test(`any lengths of it before and behind ${escape}`, () => {
      for (let before = 0; before <= 35; before++) {
        for (let behind = 0; behind <= 50; behind++) {
          const content = ALPHABET.slice(0, before) + escape + ALPHABET.slice(-behind || 62)
          assert.equal(unescape(content), parsed(content))
        }
      }
    })
  }

  test('any lengths of it between two, or many', () => {
    for (let between = 0; between <= 50; between++) {
      for (let count = 2; count <= 40; count += count < 5 ? 1 : 7) {
        const content = Array.from({ length: count }, (_, i) => ESCAPES[(i + between) % ESCAPES.length] + ALPHABET.slice(i, i + between))
          .join('')
        assert.equal(unescape(content), parsed(content))
      }
    }
  })

  test('runs of escapes of any length', () => {
    for (const escape of ESCAPES) {
      for (let count = 1; count <= 70; count++) {
        const content = ALPHABET.slice(0, count % 19) + escape.repeat(count)
        assert.equal(unescape(content), parsed(content))
      }
    }
  })

  test('a megabyte of both', () => {
    const content = Array.from({ length: 40_000 }, (_, i) => ESCAPES[i % ESCAPES.length] + ALPHABET.slice(0, i % 47)).join('')
    assert.equal(unescape(content), parsed(content))
  })
})

suite('escapes', () => {
  test('every byte behind the backslash is taken exactly where JSON.parse takes it', () => {
    for (let byte = 0; byte < 256; byte++) {
      const content = Buffer.from(`\\${String.fromCharCode(byte)}x`, 'latin1')
      let expected: string | undefined
      try { expected = JSON.parse(`"${content.toString('latin1')}"`) as string } catch {}
      assert.equal(unescape(content), expected, `0x${byte.toString(16)}`)
    }
  })

  test('\\u takes four hex digits, each of them', () => {
    for (let byte = 0; byte < 256; byte++) {
      const digit = /[0-9a-fA-F]/.test(String.fromCharCode(byte))
      for (let place = 0; place < 4; place++) {
        const escape = Buffer.from('\\u0000')
        escape[2 + place] = byte
        assert.equal(
          unescape(escape) !== undefined, digit && !/^\\ud[89a-f]/i.test(escape.toString('latin1')), `0x${byte.toString(16)} at ${place}`
        )
      }
    }
  })

  test('nothing behind the end of the record is looked at', () => {
    const text = '{"message":"\\u00e9"}'
    for (let cut = 1; cut <= 8; cut++) {
      const [start, end] = lay(kernel, text.slice(0, -cut), '', text.slice(-cut))
      assert.equal(kernel.run.scan(start, end), SCAN.LEFT)
    }
    assert.equal(unescape('\\u00e9'), 'é')
  })
})
