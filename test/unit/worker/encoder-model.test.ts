import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Origin } from '../../../src/worker/messages/settings.ts'
import { Encoder } from '../../../src/worker/encoder.ts'
import { encodeMessages } from '../../helpers/encode-records.ts'
import { space, stringContent } from '../../helpers/json-text.ts'
import { model, MODEL_ORIGIN, MODEL_SETTINGS, type Stored } from '../../helpers/record-model.ts'
import { scaled } from '../../helpers/scaled.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { recordText, rsyslogMessage } from '../../helpers/worker-fixtures.ts'

/** Compares the encoder with the plain way for single records. */

/** A JSON string. Each character has one of its possible spellings. */
const written = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.tuple(text, fc.constantFrom(0, 0, 1, 2)).map(([text, way]) => {
  const plain = JSON.stringify(text).slice(1, -1)
  if (way === 0) return plain
  if (way === 1) return plain.replaceAll('/', '\\/')
  return [...text].map((character, i) => i % 3 === 0
    ? [...character].map(one => one.length === 1 ? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}` : one).join('')
    : JSON.stringify(character).slice(1, -1)).join('')
})

const id = fc.constantFrom(
  'req-1', 'req-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0', 'req-', `req-${'é'.repeat(30)}`, `req-${'é'.repeat(31)}`, 'None', '-', ''
)
const level = fc.constantFrom('INFO', 'DEBUG', 'ERROR', 'WARNING', 'CRITICAL', 'TRACE', 'AUDIT', 'INFOS', 'info', '')
const instance = fc.constantFrom(
  '', '[instance: i-1]', '[instance: i-1', '[instance: ]', '[instance: a b]', `[instance: ${'x'.repeat(64)}] `,
  `[instance: ${'x'.repeat(65)}] `
)
const oslo = fc.tuple(
  fc.constantFrom('', ' ', '\ufeff'), fc.constantFrom('7', '12345678901', '', '1234567890'), level, id, id,
  fc.constantFrom(' ', ' ', ' ', '', '-', 'é'), instance, fc.constantFrom('', ' text', '\n', ' é\n\n')
)
  .map(([front, pid, level, one, other, gap, instance, text]) => `${front}2026-11-22 08:00:01.234 ${pid} ${level} nova [${one} ${other} u p]${gap}${instance}${text}`)
const length = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(120, 127, 128, 500, 512, 513, 2047, 2048, 2049, 16_300, 16_384, 20_000))
const sized = fc.tuple(fc.constantFrom('x', 'é', '\u{1f600}'), length).map(([character, length]) => character.repeat(length))
const time = fc.oneof(
  fc.tuple(
    fc.nat({ max: 59 }), fc.constantFrom('', '.5', '.000000001', '.123456', '.1234567890123'),
    fc.constantFrom('Z', '+00:00', 'z', '-00:15', '+01:00')
  )
    .map(([second, fraction, zone]) => `2026-11-22T08:14:${String(second).padStart(2, '0')}${fraction}${zone}`),
  fc.constantFrom('2026-11-15T08:15:00.123455Z', '2026-11-15T08:15:00.123458Z', '2026-11-22T08:25:00.123455Z',
    '2026-11-22T08:25:00.123458Z', '2026-11-22T08:14:60Z', '2026-11-31T00:00:00Z', '2026-11-22T08:14Z', '', `${'\0'.repeat(16)}:00Z`,
    '2026-11-22 08:14:00,5', '2026-11-22T08:14:00+0000',
    '1795335240.25', '1795335240250', 'Sun Nov 22 08:14:00 2026', 'Nov 22 08:14:00',
    `2026-11-22T08:14:00.${'0'.repeat(80)}Z`, `2020-11-22T08:14:00.${'0'.repeat(80)}Z`)
)
const anything = fc.oneof({
  weight: 4, arbitrary: stringContent(false)
}, { weight: 2, arbitrary: written(fc.string({ unit: 'grapheme', maxLength: 20 })) }, { weight: 1, arbitrary: written(sized) })
const string = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => text.map(text => `"${text}"`)
const line = fc.constantFrom('', ' ', '\n', ' \n', '  a\n\n', '\0', ' \0\0\n', 'a\0b', '\0\0\0a\0\0')
const noHost = fc.constantFrom('-', '--', '<host>', '<host', '<>', '<')
const values: Record<string, fc.Arbitrary<string>> = {
  '@timestamp': string(written(time)),
  message: fc.oneof(string(written(oslo)), string(anything), string(written(line))),
  host: string(fc.oneof({ weight: 8, arbitrary: anything }, { weight: 1, arbitrary: noHost })),
  hostname: string(fc.constantFrom('', 'old', '-')),
  cloud: string(anything),
  source: string(anything),
  severity: string(fc.constantFrom('0', '3', '4', '6', '7', '8', '', '55')),
  tag: string(written(fc.constantFrom('sshd[123]:', 'a[1]', '[1]', 'x[12345678901]', 'x[]:', 'é[7]:', ''))),
  level: string(fc.constantFrom('', 'own')),
  pid: fc.constantFrom('""', '"8"', '9', 'null'),
  request_id: string(fc.constantFrom('', 'r')),
  file: string(anything),
  region: fc.constantFrom('"r"', 'null', '1e3', 'true', '{"a":[1,"\\u00e9"]}'),
  other: fc.oneof(string(anything), fc.jsonValue().map(value => JSON.stringify(value)))
}
const usual = ['@timestamp', 'message', 'cloud', 'host']
const pairs = fc.tuple(
  fc.shuffledSubarray(usual, { minLength: 2 }), fc.array(fc.constantFrom(...Object.keys(values)), { maxLength: 6 })
).chain(([some, more]) =>
  fc.tuple(...[
    ...some, ...more
  ].map(name => fc.tuple(space, space, space, values[name], space).map(([a, b, c, value, d]) => `${a}"${name}"${b}:${c}${value}${d}`))))
const record = fc.tuple(pairs, space, space).map(([all, before, behind]) => Buffer.from(`${before}{${all.join(',')}}${behind}`))

/** Inserts, replaces or removes bytes, or cuts off all that follows. */
const edit = fc.tuple(
  fc.nat(),
  fc.constantFrom('ff', 'c3', 'e282', 'f09f98', '80', '00', '0a', '09', '22', '5c', '2c', '7d', '5c75', '5c71', 'efbbbf', ''),
  fc.nat({ max: 2 }), fc.integer({ min: 0, max: 9 })
)
const damaged = fc.tuple(
  record, fc.array(edit, { minLength: 1, maxLength: 3 })
).map(([bytes, edits]) => edits.reduce((bytes, [at, hex, lost, cut]) => {
  const from = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(hex, 'hex'), cut === 0 ? Buffer.alloc(0) : bytes.subarray(from + lost)])
}, bytes))

/** All records share one encoder: earlier ones must make no difference. */
const encoder = new Encoder(MODEL_SETTINGS)

/** Encodes a record between two others. */
function encoded (record: Buffer, origin?: Origin): Stored | undefined {
  const other = recordText({ region: 'elsewhere', file: 'f', message: 'a "line"' })
  const { entries, counts, result } = encodeMessages([rsyslogMessage([other, record, other])], {}, encoder, origin?.address)
  const [stored, ...more] = entries.map(entry => ({ ...entry, selector: parseSelector(entry.labels) }))
    .filter(({ selector }) => selector.region !== 'elsewhere')
  assert.deepEqual([more, entries.length + result.empty], [[], 3])
  if (result.empty > 0) return undefined
  const { tenant, selector, line, time, metadata } = stored
  return { tenant, selector, line, time, metadata, counts: { ...counts } }
}

for (const [name, arbitrary, least] of [['any record', record, 0.2], ['any record, damaged', damaged, 0.01]] as const) {
  test(`${name}: the entry that the plain way gives`, () => {
    let stored = 0
    const numRuns = scaled(1500)
    // The same encoder gets records of both origins in random order.
    fc.assert(fc.property(arbitrary, fc.constantFrom(undefined, MODEL_ORIGIN), (record, origin) => {
      const expected = model(record, origin)
      assert.deepEqual(encoded(record, origin), expected, record.toString('latin1'))
      if (expected !== undefined && expected.selector.quarantine === undefined) stored++
    }), { numRuns })
    assert.ok(stored > least * numRuns, `a fair part of the records is stored (${stored})`)
  })
}
