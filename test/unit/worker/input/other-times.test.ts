import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { RecordTimes } from '../../../../src/worker/input/record-times.ts'
import { Timestamp } from '../../../../src/worker/input/timestamp.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { timeOf } from '../../../helpers/time-model.ts'
import { lay } from '../../../helpers/worker-fixtures.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 0, 2, 4)
const mended: string[] = []
const kernel = new Kernel()
const times = new RecordTimes({ maxAgeMs: 7 * DAY, maxAheadMs: 600_000 }, kernel, reason => mended.push(reason))

/** Nanoseconds since the epoch; undefined where the text is no time. */
function read (text: string, now = NOW): bigint | undefined {
  times.begin(now)
  if (!times.isTime(...lay(kernel, text, '0', '0Z'))) return undefined
  return BigInt(kernel.seconds) * 1_000_000_000n + BigInt(kernel.nanos)
}

const at = (text: string, nanos = 0n): bigint => BigInt(Date.parse(text)) * 1_000_000n + nanos
const NOON = at('2026-01-02T03:04:05Z')

suite('taken', () => {
  const cases: Record<string, bigint> = {
    '2026-01-02T03:04:05': NOON,
    '2026-01-02 03:04:05': NOON,
    '2026-01-02  3:04:05': NOON,
    '2026/01/02 03:04:05': NOON,
    '2026-01-02 03:04:05.678901234': NOON + 678_901_234n,
    '2026-01-02T03:04:05,678Z': NOON + 678_000_000n,
    '2026-01-02T04:34:05.5+0130': NOON + 500_000_000n,
    '2026-01-02T03:04:05.678901 +0000': NOON + 678_901_000n,
    '2026-01-02T04:04:05+01': NOON,
    '2026-01-02 03:04:05.678 UTC': NOON + 678_000_000n,
    '2026-01-02T03:03:60': NOON - 5_000_000_000n,
    ' 2026-01-02T03:04:05Z\n': NOON,
    1767323045: NOON,
    '1767323045.000000001': NOON + 1n,
    '1767323045.1234567899': NOON + 123_456_789n,
    '1767323045,5': NOON + 500_000_000n,
    1767323045678: NOON + 678_000_000n,
    '1767323045678.9012345': NOON + 678_901_234n,
    1767323045678901: NOON + 678_901_000n,
    '1767323045678901234': NOON + 678_901_234n,
    0: 0n,
    99999999999: 99_999_999_999n * 1_000_000_000n,
    100000000000: 100_000_000_000n * 1_000_000n,
    '99999999999999999999': 99_999_999_999n * 1_000_000_000n + 999_999_999n,
    'Fri Jan 02 03:04:05 2026': NOON,
    'Fri Jan  2 03:04:05.678901 2026': NOON + 678_901_000n,
    'Fri Jan  2 03:04:05 UTC 2026': NOON,
    'Jan 02 2026 03:04:05': NOON,
    'Jan  2 03:04:05': NOON,
    'jan 2 03:04:05.25': NOON + 250_000_000n,
    'Jan  2 04:04:05 +01:00': NOON,
    'Dec 31 23:59:59': at('2025-12-31T23:59:59Z'),
    'Jul  1 00:00:00': at('2026-07-01T00:00:00Z'),
    'Jul  5 00:00:00': at('2025-07-05T00:00:00Z'),
    'Feb 29 00:00:00': at('2024-02-29T00:00:00Z'),
    '02/Jan/2026:03:04:05 +0000': NOON,
    'Fri, 02 Jan 2026 04:04:05 +0100': NOON,
    '2-Jan-2026 03:04:05': NOON
  }
  for (const [text, expected] of Object.entries(cases)) {
    test(JSON.stringify(text), () => assert.deepEqual([read(text), timeOf(text, NOW)], [expected, expected]))
  }
})

suite('refused', () => {
  const refused = [
    '', ' ', '-', 'now', 'Jan', 'Jan  2', '2026-01-02', '03:04:05', '-1', '+1767323045', '1767323045.', '.5', '1e9', '0x10',
    '100000000000000000000', '1767323045 1', '2026-01-02T24:00:00', '2026-02-29T00:00:00', '2026-01-02T03:04', '2026-01-02T03:04:61',
    '2026-01-02T03:04:05 CET', '2026-01-02T03:04:05+2400', '2026-01-02T03:04:05+0060', '2026-01-02T03:04:05+1', '2026-01-02T03:04:05.',
    '2026-01-02x03:04:05', '2026-01-02   03:04:05', '26-01-02T03:04:05', 'Foo  2 03:04:05', 'Jan 32 03:04:05', 'Feb 30 03:04:05 2026',
    'Jan  0 03:04:05', 'Jan  2 03:04:05 26', 'Jan 2nd 03:04:05', '02/13/2026:03:04:05', '2026-01-02T03:04:05\u0660', '1767323045\u0660',
    '1767323045\u00a0', '\ufeff1767323045',
    `2026-01-02T03:04:05.${'0'.repeat(128)}`, '9'.repeat(1000)
  ]
  for (const text of refused) {
    test(JSON.stringify(text.slice(0, 40)), () => assert.deepEqual([read(text), timeOf(text, NOW)], [undefined, undefined]))
  }
})

/** Texts like times: each of these at some place, and a piece of it changed. */
const piece = fc.constantFrom(
  '2026', '-', '/', '01', '02', 'T', ' ', '  ', ':', '03:04:05', '.', ',', '678', 'Z', 'UTC', '+', '0130', '01:30', 'Jan', 'Feb', '29',
  'Fri', '1767323045', '\t', '\u0660', '\u00a0', '60', '99'
)
const usual = fc.constantFrom(
  '2026-01-02 03:04:05,678+0130', 'Fri Jan 02 03:04:05.5 2026', 'Jan  2 03:04:05', '02/Jan/2026:03:04:05 +0000', '1767323045.678',
  'Fri, 02 Jan 2026 03:04:05 GMT', '2026-01-02T03:04:05.678Z'
)
const changed = fc.tuple(usual, fc.nat(40), fc.nat(3), fc.oneof(piece, fc.constant('')))
  .map(([text, from, lost, put]) => text.slice(0, from) + put + text.slice(from + lost))

test('what is like a time is read as the plain way reads it, or is refused', () => {
  let taken = 0
  const numRuns = scaled(5000)
  fc.assert(fc.property(fc.oneof(changed, fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join(''))), text => {
    const expected = timeOf(text, NOW)
    assert.equal(read(text), expected, text)
    if (expected !== undefined) taken++
  }), { numRuns })
  assert.ok(taken > numRuns / 50, `a fair part is taken (${taken})`)
})

suite('the year', () => {
  /** The time that a record gets, or why it gets none; and what was mended. */
  function placed (text: string, now: string): [string, string[]] {
    mended.length = 0
    times.begin(Date.parse(now))
    const time = new Timestamp()
    const reason = times.read(...lay(kernel, text), time)
    return [reason ?? new Date(time.milliseconds).toISOString().slice(0, 19), [...mended]]
  }

  const NEW_YEAR = '2027-01-01T00:00:10Z'
  const cases: Record<string, [text: string, now: string, expected: string, mended?: string]> = {
    'of a sender whose clock is behind at New Year': ['2027-12-31T23:59:59Z', NEW_YEAR, '2026-12-31T23:59:59', 'year'],
    'of a sender whose clock is ahead at New Year': ['2026-01-01T00:00:01Z', '2026-12-31T23:59:59Z', '2027-01-01T00:00:01', 'year'],
    'of a backlog over New Year': ['2027-12-28T12:00:00Z', '2027-01-03T12:00:00Z', '2026-12-28T12:00:00', 'year'],
    'is nearest without one, and nothing is mended': ['Dec 31 23:59:59', NEW_YEAR, '2026-12-31T23:59:59'],
    'that is right stays': ['2026-12-31T23:59:59Z', NEW_YEAR, '2026-12-31T23:59:59'],
    'that is one off, and the day too old': ['2027-12-20T00:00:00Z', NEW_YEAR, 'too_new'],
    'that is one off, and the day too new': ['2026-01-01T01:00:00Z', NEW_YEAR, 'too_old'],
    'that is two off': ['2028-12-31T23:59:59Z', NEW_YEAR, 'too_new'],
    'long past': ['1999-12-31T23:59:59Z', NEW_YEAR, 'too_old'],
    'without the day': ['2028-02-29T12:00:00Z', '2027-02-28T12:00:00Z', 'too_new'],
    'with the day': ['2027-03-01T12:00:00Z', '2028-03-01T12:00:00Z', '2028-03-01T12:00:00', 'year']
  }
  for (const [name, [text, now, expected, ...reasons]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(placed(text, now), [expected, reasons]))
  }

  test('comes out alike for a resend, for as long as Loki takes the record', () => {
    const first = placed('2027-12-31T23:59:59Z', NEW_YEAR)
    for (let days = 0; days < 7; days++) {
      assert.deepEqual(placed('2027-12-31T23:59:59Z', new Date(Date.parse(NEW_YEAR) + days * DAY - 20_000).toISOString()), first)
    }
  })
})
