import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import rhea from 'rhea'
import { readBody } from '../../../../src/worker/input/amqp-body.ts'
import {
  amqpMessage, amqpValue, encodeMessage, encodeValue, type Found, foundInMessage, type Section, uint32
} from '../../../helpers/amqp-values.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { captures, sha256 } from '../../../helpers/worker-fixtures.ts'

interface Range { kind: 'record' | 'bad', start: number, end: number }

/**
 * Returns all findings, and checks what holds for any bytes: ranges lie inside the message, in order, without overlap.
 */
function ranges (bytes: Uint8Array, start = 0, end = bytes.length): Range[] {
  const found: Range[] = []
  let last = start
  const take = (kind: Range['kind']) => (from: number, to: number): void => {
    if (from < last || to < from || to > end) assert.fail(`${kind} [${from}, ${to}) after ${last} in [${start}, ${end})`)
    last = to
    found.push({ kind, start: from, end: to })
  }
  readBody(bytes, start, end, { record: take('record'), bad: take('bad') })
  // The encoder has as many nanoseconds for quarantine as the message has bytes, and one more.
  assert.ok(found.length <= end - start + 1, 'no more is found than there are bytes')
  return found
}

function found (bytes: Uint8Array): Found[] {
  return ranges(bytes).map(({ kind, start, end }) => kind === 'record' ? bytes.slice(start, end) : null)
}

function records (bytes: Uint8Array): string[] {
  return found(bytes).map(one => one === null ? 'BAD' : Buffer.from(one).toString())
}

const plain = (items: readonly Found[]): Array<string | null> => items.map(one => one === null ? null : Buffer.from(one).toString('hex'))
const value = (hex: string): Buffer => Buffer.from('005377' + hex.replace(/\s/g, ''), 'hex')

suite('what rsyslog sent', () => {
  for (const { file, case: name, bytes, count, sha256: expected, records: first } of captures()) {
    test(`${file} (${name}): ${count} records, byte for byte`, () => {
      const all = found(bytes)
      assert.equal(all.length, count)
      assert.ok(all.every(one => one !== null))
      assert.equal(sha256(all), expected)
      assert.deepEqual(plain(all.slice(0, first.length)), plain(first))
    })
  }
})

suite('any AMQP message', () => {
  test('gives its records in order, and what is none as bad', () => {
    fc.assert(fc.property(amqpMessage(), sections => {
      assert.deepEqual(plain(found(encodeMessage(sections))), plain(foundInMessage(sections)))
    }), { numRuns: scaled(1500) })
  })

  test('is read the same wherever it lies in a batch', () => {
    fc.assert(fc.property(amqpMessage(), fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (sections, before, after) => {
      const bytes = encodeMessage(sections)
      const alone = ranges(bytes)
      const shifted = ranges(Buffer.concat([before, bytes, after]), before.length, before.length + bytes.length)
      assert.deepEqual(shifted.map(({ kind, start, end }) => ({ kind, start: start - before.length, end: end - before.length })), alone)
    }), { numRuns: scaled(300) })
  })

  test('has the texts that rhea decodes', () => {
    const string = fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => Buffer.from(text))
    // rhea returns numbers wider than JavaScript's as buffers, like binaries, so they are left out.
    fc.assert(fc.property(amqpMessage({ string, described: false, widest: 4, forms: ['smallulong', 'ulong'] }), sections => {
      const bytes = encodeMessage(sections)
      const body = (rhea.message.decode(bytes) as { body?: unknown }).body
      assert.deepEqual(plain(found(bytes).filter(one => one !== null)), plain(textsOf(body)))
    }), { numRuns: scaled(700) })
  })

  test('written by rhea is read as well', () => {
    const { message, types } = rhea
    const cases: Array<[body: unknown, expected: string[]]> = [
      ['one', ['one']],
      [['a', ['b', ['c', []]], null, 'd'], ['a', 'b', 'c', 'd']],
      [Buffer.from('binary'), ['binary']],
      [types.wrap_symbol('symbol'), ['symbol']],
      [types.wrap_array(['x', 'y'], 0xa1, undefined), ['x', 'y']],
      [message.data_section(Buffer.from('data')), ['data']],
      [message.data_sections([Buffer.from('d1'), Buffer.from('d2')]), ['d1', 'd2']],
      [message.sequence_section(['s1', 's2']), ['s1', 's2']],
      [message.sequence_sections([['s1'], ['s2', 's3']]), ['s1', 's2', 's3']],
      [{ a: 1 }, ['BAD']],
      [42, ['BAD']],
      [null, []]
    ]
    for (const [body, expected] of cases) {
      const bytes = message.encode({ body, to: 'x', message_id: 'id', subject: 'not a record', application_properties: { a: 'neither' } })
      assert.deepEqual(records(bytes), expected, JSON.stringify(body))
    }
  })
})

/**
 * Returns the texts in rhea's reading of a body. Strings stay strings, binaries are buffers, lists and arrays are
 * arrays, and sections are objects with `content`.
 */
function textsOf (body: unknown): Uint8Array[] {
  if (typeof body === 'string') return [Buffer.from(body)]
  if (Buffer.isBuffer(body)) return [body]
  if (Array.isArray(body)) return body.flatMap(textsOf)
  if (typeof body === 'object' && body !== null && 'typecode' in body && 'content' in body) return textsOf(body.content)
  return []
}

suite('forms of a body', () => {
  const cases: Record<string, [bytes: Buffer, expected: string[]]> = {
    'an empty message': [Buffer.alloc(0), ['BAD']],
    'sections but no body': [Buffer.from('005370450053734500537845', 'hex'), ['BAD']],
    'an empty list': [value('45'), []],
    'an empty list with a header': [value('c00100'), []],
    null: [value('40'), []],
    'an empty string': [value('a100'), ['']],
    'an unknown section': [Buffer.from('00537f45', 'hex'), ['BAD']],
    'an unknown section before a body': [Buffer.concat([Buffer.from('00537f45', 'hex'), value('a10178')]), ['BAD', 'x']],
    'an unknown name of a section': [Buffer.from('00a3026162a10178', 'hex'), ['BAD']],
    'a section whose name is a megabyte long': [
      Buffer.concat([Buffer.of(0x00, 0xb3), uint32(1 << 20), Buffer.alloc(1 << 20, 0x61), Buffer.of(0x40)]), ['BAD']
    ],
    'a section with a code beyond one byte': [Buffer.from('0080000000000000017740', 'hex'), ['BAD']],
    'no section at all': [Buffer.from('a10178', 'hex'), ['BAD']],
    'text that is no AMQP': [Buffer.from('{"message":"x"}'), ['BAD']],
    'bytes behind the last section': [Buffer.concat([value('a10178'), Buffer.from('zzz')]), ['x', 'BAD']],
    'a described string': [value('00a30166a10178'), ['x']],
    'a list described twice': [value('005301005302c00401a10178'), ['x']],
    'a descriptor with a descriptor': [value('000053015301a10178'), ['BAD']],
    'a constructor that AMQP does not have': [value('1f00'), ['BAD']],
    'a map': [value('c10702a10161a10162'), ['BAD']],
    'an empty array of numbers': [value('e0020050'), []],
    'an array of numbers': [value('e003015007'), ['BAD']],
    'an array of lists': [value('e00701c00401a10178'), ['BAD']],
    'an array with bytes to spare': [value('e00501a1017879'), ['x', 'BAD']],
    'an array that counts more than it has': [value('e00502a1017801'), ['x', 'BAD']],
    'an array without a constructor': [value('e00101'), ['BAD']]
  }
  for (const [name, [bytes, expected]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(records(bytes), expected))
  }
})

suite('lists whose lengths lie', () => {
  const cases: Record<string, [bytes: Buffer, expected: string[]]> = {
    'more elements counted than there are': [value('c007ff a10161 a10162'), ['a', 'b']],
    'fewer elements counted than there are': [value('c00701 a10161 a10162'), ['a', 'BAD']],
    'a size too small for its own count': [value('c000 a10161'), ['BAD', 'BAD']],
    'the same within a list, which goes on': [value('c00903 c000 a10161 a10162'), ['BAD', 'a', 'b']],
    'a wide size too small for its own count': [value('d000000003 000000'), ['BAD']],
    'an element that reaches out of its list: the list around it goes on': [value('c00d03 c00401a10961 a10162 a10163'), ['BAD', 'b', 'c']],
    'an element of no known type: the list around it goes on': [value('c00d03 c004011f0000 a10162 a10163'), ['BAD', 'b', 'c']],
    'a message cut inside an element: what came before is kept': [value('c0ff09 a10161 a105'), ['a', 'BAD']],
    'a message cut inside a list within a list': [value('d0000000ff00000009 a10161 d0000000ee00000009 a10162 b1000000ff63'), ['a', 'b', 'BAD']],
    'a message cut between two elements': [value('c0ff09 a10161 a10162'), ['a', 'b']],
    'a count of four thousand million in a few bytes': [value('d000000007 ffffffff a10161'), ['a']]
  }
  for (const [name, [bytes, expected]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(records(bytes), expected))
  }
})

suite('bytes that were damaged on the way', () => {
  const small = captures().filter(({ bytes }) => bytes.length < 1000)

  test('cut at every byte: no record is found but those that came whole', () => {
    for (const { bytes } of small) {
      const whole = found(bytes)
      for (let cut = 0; cut < bytes.length; cut++) {
        const left = found(bytes.subarray(0, cut))
        const kept = left.filter(one => one !== null)
        assert.deepEqual(plain(kept), plain(whole.slice(0, kept.length)))
        assert.ok(left.length - kept.length <= 1, 'the rest is one piece')
      }
    }
  })

  test('any message cut at every byte', () => {
    fc.assert(fc.property(amqpMessage(), sections => {
      const bytes = encodeMessage(sections)
      for (let cut = 0; cut < bytes.length; cut++) ranges(bytes, 0, cut)
    }), { numRuns: 150 })
  })

  test('any bytes overwritten', () => {
    const change = fc.record({
      at: fc.nat(), byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x00, 0x45, 0xa1, 0xb1, 0xc0, 0xd0, 0xe0, 0xf0, 0xff))
    })
    const source = fc.oneof(fc.constantFrom(...small.map(({ bytes }) => bytes)), amqpMessage().map(encodeMessage))
    fc.assert(fc.property(source, fc.array(change, { minLength: 1, maxLength: 6 }), (source, changes) => {
      const bytes = Buffer.from(source)
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte
      ranges(bytes)
    }), { numRuns: scaled(2000) })
  })

  test('any bytes at all', () => {
    const likely = fc.constantFrom(
      0x00, 0x40, 0x45, 0x53, 0x75, 0x76, 0x77, 0x80, 0xa0, 0xa1, 0xa3, 0xb1, 0xc0, 0xd0, 0xc1, 0xe0, 0xf0, 0x01, 0x02, 0x04
    )
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: likely }, fc.nat({ max: 255 })), { maxLength: 200 }), bytes => {
      ranges(Uint8Array.from(bytes))
      ranges(Uint8Array.from([0x00, 0x53, 0x77, ...bytes]))
    }), { numRuns: scaled(2000) })
  })

  test('a value cut off inside a list never hides the records behind it', () => {
    fc.assert(fc.property(fc.array(amqpValue(), { minLength: 1, maxLength: 5 }), fc.nat(), (items, at) => {
      const broken = Buffer.concat(items.map(encodeValue))
      const inner = broken.subarray(0, at % broken.length)
      const list = Buffer.concat([Buffer.of(0xd0), uint32(4 + inner.length), uint32(items.length), inner])
      const last = Buffer.from('a10454484953', 'hex')
      const outer = Buffer.concat([Buffer.of(0xd0), uint32(4 + list.length + last.length), uint32(2), list, last])
      assert.equal(records(value(outer.toString('hex'))).at(-1), 'THIS')
    }), { numRuns: scaled(500) })
  })
})

suite('large and hostile', () => {
  const list = (count: number, content: Buffer): Buffer => Buffer.concat([value('d0'), uint32(4 + content.length), uint32(count), content])
  const nested = (levels: number): Buffer => {
    const bytes = Buffer.alloc(levels * 9)
    for (let i = 0; i < levels; i++) {
      bytes[i * 9] = 0xd0
      bytes.writeUInt32BE(bytes.length - i * 9 - 5, i * 9 + 1)
      bytes.writeUInt32BE(1, i * 9 + 5)
    }
    return Buffer.concat([value(''), bytes])
  }
  const described = (count: number): Buffer => list(
    count, Buffer.concat(Array.from({ length: count }, () => Buffer.from('005301'.repeat(31) + 'a10178', 'hex')))
  )

  test('a million empty strings are a million empty records', () => {
    const all = ranges(list(1_000_000, Buffer.alloc(2_000_000, Buffer.from('a100', 'hex'))))
    assert.equal(all.length, 1_000_000)
    assert.ok(all.every(({ kind, start, end }) => kind === 'record' && start === end))
  })

  test('a million nulls and empty lists are nothing', () => {
    assert.deepEqual(ranges(list(1_000_000, Buffer.alloc(1_000_000, Buffer.from('4045', 'hex')))), [])
  })

  test('a map of a million entries is one bad thing, not looked into', () => {
    const content = Buffer.alloc(4_000_000, Buffer.from('a1005407', 'hex'))
    assert.equal(ranges(Buffer.concat([value('d1'), uint32(4 + content.length), uint32(2_000_000), content])).length, 1)
  })

  test('an array of a million strings', () => {
    const content = Buffer.concat([Buffer.of(0xa1), Buffer.alloc(2_000_000, Buffer.from('0178', 'hex'))])
    assert.equal(ranges(Buffer.concat([value('f0'), uint32(4 + content.length), uint32(1_000_000), content])).length, 1_000_000)
  })

  test('lists in lists, 32 deep, are opened; deeper ones are bad from there', () => {
    const within = (levels: number): Buffer => {
      let inner = Buffer.from('a10178', 'hex')
      for (let i = 0; i < levels; i++) inner = Buffer.concat([Buffer.of(0xc0, inner.length + 1, 1), inner])
      return Buffer.concat([value(''), inner])
    }
    assert.deepEqual(records(within(32)), ['x'])
    assert.deepEqual(records(within(33)), ['BAD'])
    assert.deepEqual(ranges(nested(100_000)), [{ kind: 'bad', start: 3 + 32 * 9, end: 3 + 900_000 }])
  })

  // The number of bytes looked at, not a clock, shows that the work grows in line with the message.
  const shapes: Record<string, (size: number) => Buffer> = {
    'empty strings': size => list(size, Buffer.alloc(2 * size, Buffer.from('a100', 'hex'))),
    nulls: size => list(size, Buffer.alloc(size, 0x40)),
    'lists in lists': nested,
    'lists in lists, cut': size => nested(size).subarray(0, -5),
    'small lists': size => list(size, Buffer.alloc(3 * size, Buffer.from('c00100', 'hex'))),
    'lists whose counts lie': size => list(size, Buffer.alloc(3 * size, Buffer.from('c001ff', 'hex'))),
    'descriptors before each string': size => described(size / 20),
    'descriptors only': size => Buffer.concat([value(''), Buffer.alloc(3 * size, Buffer.from('005301', 'hex'))]),
    sections: size => Buffer.concat(Array.from({ length: size }, () => Buffer.from('005375a000', 'hex'))),
    zeros: size => Buffer.concat([value(''), Buffer.alloc(size)])
  }
  for (const [name, make] of Object.entries(shapes)) {
    test(`reads each byte of ${name} a bounded number of times`, () => {
      const [once, twice] = [2_000, 4_000].map(size => reads(make(size)))
      assert.ok(twice <= 2.01 * once + 3000, `${once} reads for one length, ${twice} for two`)
    })
  }

  function reads (bytes: Buffer): number {
    let count = 0
    const counted = new Proxy(bytes, {
      get (target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) count++
        const read: unknown = Reflect.get(target, property, target)
        return typeof read === 'function' ? (read as (...args: unknown[]) => unknown).bind(target) : read
      }
    })
    readBody(counted, 0, bytes.length, { record () {}, bad () {} })
    return count
  }
})

test('all sections in all descriptor forms are known', () => {
  for (const form of ['smallulong', 'ulong', 'symbol8', 'symbol32'] as const) {
    const empty = { kind: 'list0' } as const
    const names: Array<Section['name']> = ['header', 'delivery-annotations', 'message-annotations', 'properties', 'application-properties']
    const text = { kind: 'text', type: 'binary', wide: false, bytes: Buffer.from('x') } as const
    for (const body of ['data', 'amqp-sequence', 'amqp-value'] as const) {
      const sections: Section[] = [
        ...names.map(name => ({ name, form, value: empty })), { name: body, form, value: text }, { name: 'footer', form, value: empty }
      ]
      assert.deepEqual(records(encodeMessage(sections)), ['x'], `${form} ${body}`)
    }
  }
})
