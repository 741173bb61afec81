import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { lay } from '../../../../helpers/worker-fixtures.ts'

/** All tests share one kernel: the minute that it remembers must make no difference. */
const kernel = new Kernel()

/**
 * Returns nanoseconds since the epoch, or undefined where the kernel refuses the text. The bytes around it must make no
 * difference.
 */
function parse (text: string, before = '', after = ''): bigint | undefined {
  const { run } = kernel
  const former = [kernel.seconds, kernel.nanos]
  const [start, end] = lay(kernel, text, before, after)
  if (run.parseTimestamp(start, end) === 0) {
    assert.deepEqual([kernel.seconds, kernel.nanos], former, 'left alone where it is refused')
    return undefined
  }
  const nanos = kernel.nanos
  assert.ok(Number.isInteger(nanos) && nanos >= 0 && nanos < 1e9)
  return BigInt(kernel.seconds) * 1_000_000_000n + BigInt(nanos)
}

const two = (value: number): string => String(value).padStart(2, '0')

test('any RFC 3339 time: the whole seconds as Date.parse has them, the fraction to the nanosecond', () => {
  const date = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T23:59:59Z'), noInvalidDate: true })
  const fraction = fc.oneof(fc.constant(''), fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 12 }))
  const zone = fc.oneof(
    fc.constant('Z'),
    fc.tuple(fc.constantFrom('+', '-'), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
      .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`)
  )
  const around = fc.constantFrom('', '"', '0', '9', ':', 'Z', '+00:00')
  fc.assert(fc.property(date, fraction, zone, fc.constantFrom('T', 't', ' '), around, around,
    (date, fraction, zone, separator, before, after) => {
      const local = date.toISOString().slice(0, 19)
      const seconds = BigInt(Date.parse(`${local}${zone}`)) * 1_000_000n
      const nanos = BigInt(fraction.padEnd(9, '0').slice(0, 9))
      const text = local.replace('T', separator) + (fraction === '' ? '' : `.${fraction}`) + zone
      assert.equal(parse(text, before, after), seconds + nanos)
      assert.equal(parse(text.replace('Z', 'z')), seconds + nanos)
    }), { numRuns: scaled(3000) })
})

test('every day of four hundred years, and no day that there is none of', () => {
  for (let year = 1900; year < 2300; year++) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const text = `${year}-${two(month)}-${two(day)}T12:00:00Z`
        const date = new Date(Date.UTC(year, month - 1, day, 12))
        const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
        if (parse(text) !== (real ? BigInt(date.getTime()) * 1_000_000n : undefined)) assert.fail(text)
      }
    }
  }
})

suite('taken', () => {
  const second = 1_000_000_000n
  const noon = BigInt(Date.UTC(2026, 10, 22, 12)) * 1_000_000n
  const cases: Record<string, bigint> = {
    '2026-11-22T12:00:00+00:00': noon,
    '2026-11-22T12:00:00-00:00': noon,
    '2026-11-22t12:00:00z': noon,
    '2026-11-22 12:00:00Z': noon,
    '2026-11-22T12:00:00.1Z': noon + 100_000_000n,
    '2026-11-22T12:00:00.000000001Z': noon + 1n,
    '2026-11-22T12:00:00.0000000019Z': noon + 1n,
    '2026-11-22T12:00:00.999999999999Z': noon + 999_999_999n,
    '2026-11-22T14:30:00.486506+02:30': noon + 486_506_000n,
    '2026-11-22T11:59:60Z': noon,
    '2026-12-31T23:59:60.5Z': BigInt(Date.UTC(2027, 0, 1)) * 1_000_000n + second / 2n,
    '2024-02-29T00:00:00Z': BigInt(Date.UTC(2024, 1, 29)) * 1_000_000n,
    '2000-02-29T00:00:00Z': BigInt(Date.UTC(2000, 1, 29)) * 1_000_000n,
    '1970-01-01T00:00:00Z': 0n,
    '1969-12-31T23:59:59.5Z': -second / 2n,
    '1970-01-01T00:30:00+23:59': -(23n * 3600n + 59n * 60n - 1800n) * second
  }
  for (const [text, expected] of Object.entries(cases)) test(text, () => assert.equal(parse(text), expected))
})

suite('refused', () => {
  const refused = [
    '', '-', 'now', '1795335300', '1795335300.5',
    '2026-02-29T00:00:00Z', '2026-02-30T00:00:00Z', '1900-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z', '2026-11-00T00:00:00Z',
    '2026-11-22T24:00:00Z', '2026-11-22T12:60:00Z', '2026-11-22T12:00:61Z',
    '2026-11-22T12:00:00', '2026-11-22T12:00:00.', '2026-11-22T12:00:00.5', '2026-11-22T12:00:00.Z', '2026-11-22T12:00Z', '2026-11-22',
    '2026-11-22T12:00:00+24:00', '2026-11-22T12:00:00+00:60', '2026-11-22T12:00:00+0000', '2026-11-22T12:00:00+00',
    '2026-11-22T12:00:00+1:00',
    '2026-11-22T12:00:00Zx', '2026-11-22T12:00:00Z ', ' 2026-11-22T12:00:00Z', '2026-11-22T12:00:00+00:00x', '2026-11-22T12:00:00ZZ',
    '2026-11-22T12:00:00,5Z', '2026-11-22T12:00:00.5.5Z', '2026/11/22T12:00:00Z', '2026-11-22x12:00:00Z', '2026-11-22T12.00.00Z',
    '2026-11-22T12:00-00Z',
    '26-11-22T12:00:00Z', '02026-11-22T12:00:00Z', '+2026-11-22T12:00:00Z', '-026-11-22T12:00:00Z', '2026-1-22T12:00:00ZZ',
    '2O26-11-22T12:00:00Z',
    '2026-11-22T12:00:0\u0660Z', 'Nov 22 12:00:00 2026 +0000'
  ]
  for (const text of refused) {
    test(JSON.stringify(text), () => {
      assert.equal(parse(text), undefined)
      for (const after of ['Z', '+00:00', '0', '0Z']) {
        assert.equal(parse(text, '', after), undefined, `with ${after} behind it in the batch`)
      }
    })
  }
})

test('a time with one character changed is refused or is another RFC 3339 time', () => {
  const text = '2026-11-22T08:13:28.486506+00:00'
  const form = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
  for (let at = 0; at < text.length; at++) {
    for (let code = 0x20; code < 0x7f; code++) {
      const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
      if (!form.test(changed)) assert.equal(parse(changed), undefined, changed)
    }
  }
})

suite('the minute that was read last', () => {
  const minute = '2026-11-22T12:00'
  const noon = BigInt(Date.UTC(2026, 10, 22, 12)) * 1_000_000n
  const second = 1_000_000_000n

  test('of a kernel that has read none is no minute, not even one of NULs', () => {
    const kernel = new Kernel()
    for (const text of ['\0'.repeat(16) + ':00Z', '\0'.repeat(20)]) assert.equal(kernel.run.parseTimestamp(...lay(kernel, text)), 0)
    assert.equal(kernel.run.parseTimestamp(...lay(kernel, '1970-01-01T00:00:07Z')), 1)
    assert.equal(kernel.seconds, 7)
  })

  test('is local: the zone counts each time anew', () => {
    const zones = { Z: 0n, '+01:00': -3600n, '-01:00': 3600n, '+23:59': -86340n, '-00:30': 1800n, z: 0n }
    for (const [zone, offset] of [...Object.entries(zones), ...Object.entries(zones).reverse()]) {
      assert.equal(parse(`${minute}:30${zone}`), noon + (30n + offset) * second)
    }
  })

  test('does not excuse what follows it', () => {
    for (const rest of [':61Z', ':6 Z', '-00Z', ':00', ':00+24:00', ':00.Z', ':00Zx', ':0\0Z']) {
      assert.equal(parse(`${minute}:59Z`), noon + 59n * second)
      assert.equal(parse(minute + rest), undefined, rest)
      assert.equal(parse(`${minute}:01.5Z`), noon + second + second / 2n, `after ${rest}`)
    }
  })

  test('stays what it was when another is refused, and is not replaced by it', () => {
    for (const bad of [
      '2026-13-22T12:00', '2026-11-22T24:00', '2026-11-31T12:00', '2026-11-22 1x:00', '2026-11-22T12-00', '0000000000000000'
    ]) {
      assert.equal(parse(`${minute}:00Z`), noon)
      for (let i = 0; i < 2; i++) assert.equal(parse(`${bad}:00Z`), undefined, bad)
      assert.equal(parse(`${minute}:00Z`), noon)
    }
  })

  test('is told from every other, whichever character differs', () => {
    const others = [
      '1026-11-22T12:00', '2126-11-22T12:00', '2016-11-22T12:00', '2027-11-22T12:00', '2026-01-22T12:00', '2026-10-22T12:00',
      '2026-11-12T12:00', '2026-11-21T12:00', '2026-11-22T02:00', '2026-11-22T11:00', '2026-11-22T12:10', '2026-11-22T12:01'
    ]
    for (const other of others) {
      assert.equal(parse(`${minute}:00Z`), noon)
      assert.equal(parse(`${other}:00Z`), BigInt(Date.parse(`${other}:00Z`)) * 1_000_000n)
    }
  })
})
