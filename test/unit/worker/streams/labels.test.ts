import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { cutAt, formatLabels, hashBytes, isTenant, shardOf, withLabel } from '../../../../src/worker/streams/labels.ts'
import { anyCharacter } from '../../../helpers/characters.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { parseSelector } from '../../../helpers/selector.ts'

const name = fc.string({ unit: fc.constantFrom(...'abcXYZ_09'), minLength: 1, maxLength: 8 }).map(text => `_${text}`)
const hostile = fc.constantFrom(
  '"', '\\', '\n', '\r', '\t', '\0', '\u0001', '\u001b', '\u007f', '\u0085', '\u009f', '\u2028', '\u2029', '\ufeff', '\ufffd', '\u{1f600}',
  '{', '}', ',', '=', '`', '\'',
  '\\"', '\\n', '\\u0000', '", x="', '"} | json', '"}\n{a="b', '\\', ' '
)
const text = fc.array(fc.oneof({ weight: 3, arbitrary: hostile }, fc.string({ unit: 'grapheme', maxLength: 4 })), { maxLength: 12 })
  .map(all => all.join(''))

suite('formatLabels', () => {
  test('any values come back from a parser of Loki\'s selectors, under the same names', () => {
    fc.assert(fc.property(fc.dictionary(name, fc.oneof(text, fc.string({ unit: 'grapheme' }), fc.constant(''))), labels => {
      const expected = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')
        .map(([name, value]) => [name, value.replaceAll('\ufffd', '?')]))
      assert.deepEqual(parseSelector(formatLabels(Object.entries(labels))), expected)
    }), { numRuns: scaled(2000) })
  })

  test('every character there is', () => {
    for (let code = 0; code <= 0x10ffff; code += 0x100) {
      const block = Array.from({ length: 0x100 }, (_, i) => code + i).filter(one => one < 0xd800 || one >= 0xe000)
        .map(one => String.fromCodePoint(one)).join('')
      const labels = formatLabels([['a', block]])
      assert.equal(parseSelector(labels).a, block === '' ? undefined : block.replace('\ufffd', '?'))
    }
  })

  test('values of 5,000 characters', () => {
    for (const character of ['a', '"', '\\', '\n', '\u0000', '\u{1f600}']) {
      assert.deepEqual(parseSelector(formatLabels([['a', character.repeat(5000)]])), { a: character.repeat(5000) })
    }
  })

  test('a lone surrogate, which UTF-8 does not have, becomes a question mark', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter }), fc.constantFrom('\ud800', '\udfff', '\udc00\ud800'), (text, lone) => {
      const value = text + lone
      const labels = Buffer.from(formatLabels([['a', value]])).toString()
      assert.deepEqual(parseSelector(labels), { a: Buffer.from(value).toString().replaceAll('\ufffd', '?') })
    }), { numRuns: scaled(300) })
  })

  test('sorted by name, whatever order the labels come in', () => {
    const labels = { b: '2', a: '1', B: '3', _z: '4', a1: '5' }
    const expected = '{B="3", _z="4", a="1", a1="5", b="2"}'
    assert.equal(formatLabels(Object.entries(labels)), expected)
    assert.equal(formatLabels(Object.entries(labels).reverse()), expected)
  })

  test('without values there are none', () => {
    assert.equal(formatLabels([]), '{}')
    assert.equal(formatLabels([['a', '']]), '{}')
  })

  test('is written as Loki writes it', () => {
    assert.equal(formatLabels([['a', 'x\ufffdy']]), '{a="x?y"}')
    assert.equal(formatLabels([['a', 'q"\\\n\r\t\0\u007f\u2028\u00e9']]), '{a="q\\"\\\\\\n\\r\\t\\u0000\\u007f\\u2028\u00e9"}')
  })
})

test('withLabel: any labels with one more are what formatLabels makes of all of them', () => {
  fc.assert(fc.property(fc.dictionary(name, text), fc.constantFrom('A', 'b', '_z', 'zz'), (labels, more) => {
    const formatted = formatLabels(Object.entries(labels))
    assert.equal(withLabel(formatted, more, '2026-11-27T10:30'), formatLabels([...Object.entries(labels), [more, '2026-11-27T10:30']]))
  }))
})

suite('cutAt', () => {
  test('the longest whole characters that fit', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 4, max: 60 }), fc.nat({ max: 5 }),
      (text, limit, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0x80), Buffer.from(text), Buffer.alloc(3, 0x80)])
        const end = before + Buffer.byteLength(text)
        const cut = cutAt(bytes, before, end, limit)
        let expected = ''
        for (const character of text) {
          if (Buffer.byteLength(expected + character) > limit) break
          expected += character
        }
        assert.equal(bytes.toString('utf8', before, cut), expected)
      }), { numRuns: scaled(2000) })
  })

  test('at every offset of a character of each length', () => {
    for (const character of ['a', 'é', '日', '\u{1f600}']) {
      const bytes = Buffer.from(character.repeat(700))
      for (let limit = 2040; limit <= 2050; limit++) {
        const size = Buffer.byteLength(character)
        assert.equal(cutAt(bytes, 0, bytes.length, limit), Math.min(bytes.length, limit - limit % size))
      }
    }
  })
})

suite('isTenant', () => {
  test('what Loki takes', () => {
    for (const tenant of ['a', 'cloud1', 'A-Z_09.*\'()!', '...', '.a', 'a'.repeat(150)]) assert.equal(isTenant(tenant), true, tenant)
  })

  test('what it does not', () => {
    for (const tenant of ['', '.', '..', 'a/b', 'a b', 'a|b', 'a\n', '\na', 'é', 'a\0', 'a,b', 'a:b', '../x', '"', 'a'.repeat(151)]) {
      assert.equal(isTenant(tenant), false, JSON.stringify(tenant))
    }
  })

  test('every character, one by one', () => {
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code)
      assert.equal(isTenant(`a${character}b`), character !== '' && 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!-_.*\'()'.includes(character), `U+${code.toString(16)}`)
    }
  })
})

suite('shardOf', () => {
  test('FNV-1a as published', () => {
    const hash = (text: string): number => hashBytes(Buffer.from(text), 0, Buffer.byteLength(text))
    assert.equal(hash(''), 0x811c9dc5)
    assert.equal(hash('a'), 0xe40c292c)
    assert.equal(hash('foobar'), 0xbf9cf968)
  })

  test('is a shard, for any number of them, and tells tenants apart', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 256 }), (labels, tenant, shards) => {
      const shard = shardOf(labels, tenant, shards)
      assert.ok(Number.isInteger(shard) && shard >= 0 && shard < shards)
      assert.equal(shardOf(labels, tenant, shards), shard)
    }))
    assert.ok(Array.from({ length: 20 }, (_, i) => shardOf('{a="b"}', `t${i}`, 16)).some((shard, _, [first]) => shard !== first))
  })

  test('streams spread evenly', () => {
    for (const shards of [2, 3, 4, 7, 16]) {
      const counts = new Array<number>(shards).fill(0)
      for (let host = 0; host < 500; host++) {
        for (const source of ['nova', 'sudo', 'sshd', 'kernel']) counts[shardOf(`{cloud="c1", host="host-${host}.example.org", region="r", source="${source}"}`, '', shards)]++
      }
      const fair = 2000 / shards
      assert.ok(counts.every(count => count > fair * 0.7 && count < fair * 1.3), `${shards} shards: ${counts.join(' ')}`)
    }
  })
})
