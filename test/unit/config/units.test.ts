import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bytesBetween, durationBetween, formatBytes, formatDuration, integerBetween, oneOf, parseBytes, parseDuration
} from '../../../src/config/units.ts'

test('sizes in decimal and binary units, in any case, with or without a space', () => {
  const cases: Array<[string, number]> = [
    ['0', 0], ['1048576', 1048576], ['12B', 12], ['64 MiB', 67108864], ['64MiB', 67108864], ['64Mi', 67108864], ['64mib', 67108864],
    ['64MB', 64e6], ['64M', 64e6], ['500kB', 500e3], ['1.5 KiB', 1536], ['1.1MB', 1100000], ['2GiB', 2147483648], ['1TB', 1e12]
  ]
  for (const [text, bytes] of cases) assert.equal(parseBytes(text), bytes, text)
})

test('what is no size', () => {
  for (const text of ['', 'MiB', '-1', '+1', '1e3', '0x10', '1,5MiB', '1.5', '1.5B', '1 2', '1MiBs', ' 1', '1PiB', 'Infinity', '٣']) {
    assert.equal(parseBytes(text), undefined, text)
  }
})

test('durations, alone and joined', () => {
  const cases: Array<[string, number]> = [
    ['0', 0], ['0s', 0], ['500ms', 500], ['25s', 25e3], ['10m', 600e3], ['168h', 604800e3], ['7d', 604800e3], ['1.5h', 5400e3],
    ['1h30m', 5400e3], ['1 h 30 m', 5400e3], ['0.1s', 100]
  ]
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text)
})

test('what is no duration, a number without a unit included', () => {
  for (const text of ['', '25', 's', '-1s', '1w', '1S', '1.s', '1s,2m', 's1', '1s x']) assert.equal(parseDuration(text), undefined, text)
})

test('what is formatted is parsed back to the same', () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom(1, 1000, 60e3, 1024, 1048576), (number, factor) => {
    assert.equal(parseBytes(formatBytes(number * factor)), number * factor)
    assert.equal(parseDuration(formatDuration(number * factor)), number * factor)
  }))
})

test('no text makes a parser throw or give anything but a whole number that is not negative', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,6} ?(ms|[smhd]|[kmgt]i?b?)?$/))
  fc.assert(fc.property(text, (input) => {
    for (const parsed of [parseBytes(input), parseDuration(input)]) {
      assert.ok(parsed === undefined || (Number.isInteger(parsed) && parsed >= 0), input)
    }
  }))
})

test('numbers of any length take no long time and stay out of range', () => {
  const digits = '9'.repeat(100_000)
  assert.equal(bytesBetween(0, 1e9).safeParse(digits).success, false)
  assert.equal(durationBetween(0, 1e9).safeParse(`${digits}s`).success, false)
  assert.equal(durationBetween(0, 1e9).safeParse('1s'.repeat(50_000) + '!').success, false)
  assert.equal(integerBetween(0, 1e9).safeParse(digits).success, false)
})

test('ranges hold at both ends', () => {
  fc.assert(fc.property(fc.nat(1000), fc.nat(1000), fc.nat(3000), (min, span, number) => {
    const inside = number >= min && number <= min + span
    assert.equal(integerBetween(min, min + span).safeParse(String(number)).success, inside)
    assert.equal(bytesBetween(min, min + span).safeParse(String(number)).success, inside)
    assert.equal(durationBetween(min, min + span).safeParse(`${number}ms`).success, inside)
  }))
})

test('whole numbers are decimal digits and nothing else', () => {
  for (const text of ['', ' 1', '1.0', '1e1', '0x1', '-1', '1_000', 'one']) {
    assert.equal(integerBetween(0, 100).safeParse(text).success, false, text)
  }
  assert.equal(integerBetween(0, 100).parse('007'), 7)
})

test('a word of a list in any case', () => {
  assert.equal(oneOf(['info', 'warn']).parse('WARN'), 'warn')
  assert.equal(oneOf(['info', 'warn']).safeParse('inf').success, false)
})
