import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { lay } from '../../../../helpers/worker-fixtures.ts'

const BUCKETS = 4096
const MAX_VALUE = 64

/** A table of streams whose keys are the values of two slots. */
class Table {
  readonly #kernel = new Kernel()
  readonly #at: number

  constructor ({ buckets = BUCKETS, keyBytes = 64 * 1024, maxValue = MAX_VALUE, seed = 1n } = {}) {
    const { run } = this.#kernel
    for (const slot of [0, 1]) run.addKeySlot(slot)
    this.#at = this.#kernel.allocate(4 * buckets)
    run.setStreams(this.#at, buckets, this.#kernel.allocate(keyBytes), keyBytes, maxValue, seed)
  }

  set (one: string | Buffer, other: string | Buffer = ''): void {
    const kernel = this.#kernel
    const first = Buffer.from(one as string)
    const [start, end] = lay(kernel, Buffer.concat([first, Buffer.from(other as string)]), '', 'behind')
    kernel.words.set([start, start + first.length, start + first.length, end], kernel.run.fields.value / 4)
  }

  find (one: string | Buffer, other?: string | Buffer): number {
    this.set(one, other)
    return this.#kernel.run.findStream()
  }

  /** Adds the key of the last `find`. */
  add (number: number): boolean {
    return this.#kernel.run.addStream(number) !== 0
  }

  from (origin: number): void {
    this.#kernel.run.setOrigin(origin)
  }

  forget (): void {
    this.#kernel.run.forgetStreams()
  }

  get usedBuckets (): number {
    return this.#kernel.words.subarray(this.#at / 4, this.#at / 4 + BUCKETS).filter(head => head !== 0).length
  }
}

const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ minLength: MAX_VALUE - 3, maxLength: MAX_VALUE }),
  fc.constantFrom('', '\0', '\0\0', 'a', 'ab', 'b')
)
/** Of a value that is too long, the key holds one byte more than a label may have. */
const key = (one: string, other: string): string => [one, other].map(text => Buffer.from(text).subarray(0, MAX_VALUE + 1).toString('hex'))
  .join()

suite('any values are found under the number they were added with', () => {
  for (const buckets of [BUCKETS, 1]) {
    test(`in ${buckets} buckets`, () => {
      fc.assert(fc.property(fc.array(fc.tuple(value, value), { maxLength: 40 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (pairs, seed) => {
          const table = new Table({ buckets, seed })
          const known = new Map<string, number>()
          for (const [one, other] of [...pairs, ...pairs]) {
            const number = known.get(key(one, other))
            assert.equal(table.find(one, other), number ?? -1)
            if (number !== undefined) continue
            assert.ok(table.add(known.size))
            known.set(key(one, other), known.size)
          }
          table.forget()
          for (const [one, other] of pairs) assert.equal(table.find(one, other), -1)
        }), { numRuns: 150 })
    })
  }
})

test('each origin has streams of its own for the same values', () => {
  for (const buckets of [BUCKETS, 1]) {
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(value, value), { selector: pair => key(...pair), maxLength: 20 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (pairs, seed) => {
        const table = new Table({ buckets, seed })
        const all = [0, 1, 2, 255].flatMap(origin => pairs.map(pair => ({ origin, pair })))
        for (const [number, { origin, pair }] of all.entries()) {
          table.from(origin)
          assert.equal(table.find(...pair), -1)
          assert.ok(table.add(number))
        }
        for (const [number, { origin, pair }] of [...all.entries()].reverse()) {
          table.from(origin)
          assert.equal(table.find(...pair), number)
        }
      }), { numRuns: 80 })
  }
})

test('without room nothing is added, and what was stays', () => {
  const room = (texts: string[]): number => texts.reduce((sum, text) => sum + 16 + 8 + Math.ceil(text.length / 8) * 8 + 8, 0)
  const texts = ['', 'a', '12345678', '123456789', 'x'.repeat(MAX_VALUE)]
  for (let missing = 0; missing <= 64; missing++) {
    const table = new Table({ keyBytes: room(texts) - missing })
    texts.forEach((text, i) => {
      assert.equal(table.find(text), -1)
      assert.equal(table.add(i), missing === 0 || i < texts.length - 1)
    })
    assert.deepEqual(texts.map(text => table.find(text)), [0, 1, 2, 3, missing === 0 ? 4 : -1])
    table.forget()
    assert.equal(table.find('new'), -1)
    assert.ok(table.add(7), 'there is room again')
    assert.deepEqual([table.find('new'), ...texts.map(text => table.find(text))], [7, -1, -1, -1, -1, -1])
  }
})

test('a value with the hash of another is still told from it', () => {
  const pairs: Array<[string, string]> = [['ab', 'c'], ['a', 'bc'], ['abc', ''], ['', 'abc'], ['ab\0', 'c'], ['ab', 'd'], ['a', 'c']]
  for (let length = 1; length <= 40; length++) {
    for (let at = 0; at < length; at++) pairs.push([`${'x'.repeat(at)}y${'x'.repeat(length - at - 1)}`, ''])
    pairs.push(['x'.repeat(length), ''])
  }
  const table = new Table({ buckets: 1 })
  for (const one of [pairs[0], pairs[1], pairs[50], ...pairs.slice(-41)]) {
    for (const other of pairs) {
      table.forget()
      table.find(...one)
      // The stream is added with the hash of one key and the bytes of the other.
      table.set(...other)
      table.add(1)
      assert.equal(table.find(...one), one === other ? 1 : -1, `${JSON.stringify(one)} ${JSON.stringify(other)}`)
    }
  }
})

suite('values made to meet in a bucket', () => {
  /** Chance would use so many of as many buckets as values: all but 1/e. */
  const assertSpread = (values: readonly Buffer[], name: string): void => {
    assert.equal(values.length, BUCKETS)
    for (const last of [true, false]) {
      const table = new Table({ maxValue: 256, keyBytes: 2 * 1024 * 1024 })
      for (const [i, value] of values.entries()) {
        assert.equal(last ? table.find('', value) : table.find(value), -1)
        assert.ok(table.add(i))
      }
      assert.ok(table.usedBuckets > 0.9 * (1 - 1 / Math.E) * BUCKETS, `${name}: ${table.usedBuckets}`)
    }
  }

  test('by two of their bytes', () => {
    for (let at = 0; at < 16; at++) {
      const values = Array.from({ length: BUCKETS }, (_, i) => {
        const bytes = Buffer.alloc(17, 'x')
        bytes[at] = 0x20 + i % 64
        bytes[at + 1] = 0x20 + (i >> 6)
        return bytes
      })
      assertSpread(values, `at ${at}`)
      if (at < 15) assertSpread(values.map(bytes => bytes.subarray(0, 16)), `at ${at}, of 16`)
    }
  })

  test('by changes in the high bits of a word, taken back in the next', () => {
    const base = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(8)).subarray(0, 12 * 16)
    for (const bit of [0x40, 0x20, 0x80]) {
      assertSpread(Array.from({ length: BUCKETS }, (_, i) => {
        const bytes = Buffer.from(base)
        for (let block = 0; block < 12; block++) {
          if ((i >> block & 1) === 1) for (const at of [7, 11, 15]) bytes[16 * block + at] ^= bit
        }
        return bytes
      }), `bit ${bit}`)
    }
  })
})
