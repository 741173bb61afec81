import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { anyCharacter } from '../../../helpers/characters.ts'
import { encodeMessages } from '../../../helpers/encode-records.ts'
import { isHost, isTag, readJson } from '../../../helpers/record-model.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { anySeed } from '../../../helpers/seed.ts'
import { parseSelector } from '../../../helpers/selector.ts'
import { encoderSettings, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'
import { parseLabels } from '../../../../src/embedded/loki/push/label-parser.ts'

/**
 * No record can put an entry into a stream that its fields do not name. Loki does not take U+FFFD, so a question mark
 * stands for it. JSON.parse reads the fields here. Two parsers of Go's string syntax read the labels; neither
 * shares anything with the encoder.
 */

const NASTY = [
  '"', '\\', '"}', '{', '}', ',', '=', '="', '"}{quarantine="', '", source="sudo', '\\"', '\\\\"', '`', '\'', '#', '\n', '\r', '\t', '\0',
  '\x01', '\x1b', '\x7f', '\x85', '\x9f', '\\x22', '\\u0022', '\\n', '\\', '\u2028', '\u2029',
  '\u202e', '\u2066', '\ufeff', '\ufffd', '\ufffe', '\u{10ffff}', 'é', 'e\u0301', '\u{1f600}', '\ud800', '\udc00', '\ud83d', ' ', '  ',
  '{}', '{"a":"b"}', '[1]', '__name__', '%s', '{{.x}}'
]
const text = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NASTY) }, { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 5 }) }),
  { maxLength: 8 }
).map(parts => parts.join(''))
const long = fc.tuple(text, fc.constantFrom('x', 'é', '"', '\u{1f600}'), fc.integer({ min: 2030, max: 2060 }))
  .map(([text, character, length]) => `${character.repeat(length)}${text}`)

/** JSON of a value, with its characters as they are or all as escapes. */
const string = fc.tuple(fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: long }), fc.boolean()).map(([value, escaped]) =>
  escaped ? `"${Buffer.from(value, 'utf16le').swap16().toString('hex').replace(/.{4}/g, '\\u$&')}"` : JSON.stringify(value))
const value = fc.oneof({ weight: 12, arbitrary: string }, {
  weight: 1, arbitrary: fc.jsonValue().map(one => JSON.stringify(one))
}, { weight: 1, arbitrary: fc.constantFrom('null', 'true', '1e400', '{"cloud":"inner","host":["x"]}', '[[]]') })
const key = fc.oneof({
  weight: 12, arbitrary: fc.constantFrom('cloud', 'region', 'host', 'hostname', 'source', 'service_name', 'quarantine', 'cl\\u006fud')
}, { weight: 1, arbitrary: text.map(one => JSON.stringify(one).slice(1, -1)) })
const pairs = fc.array(fc.tuple(key, value).map(([key, value]) => `"${key}":${value}`), { minLength: 1, maxLength: 8 })
/**
 * Bytes that no string can hold: overlong forms, halves of surrogate pairs, cut sequences, and bytes that UTF-8 never
 * has.
 */
const RAW = [
  'ff', 'c0a2', 'c080', 'e080a2', 'eda080', 'edb080', 'f4908080', 'f08080a2', 'e282', '80', 'fe', '22', '5c', '5c22', '7d', '00', '0a'
].map(hex => Buffer.from(hex, 'hex'))
const raw = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...RAW)), { maxLength: 3 })
const record = fc.tuple(pairs, raw).map(([pairs, raw]) => raw.reduce((bytes, [at, put]) => {
  const where = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, where), put, bytes.subarray(where)])
}, Buffer.from(`{"@timestamp":"2026-11-22T08:14:00Z","message":"m",${pairs.join(',')}}`)))

const encoder = new Encoder(encoderSettings({ maxDisorderMs: Infinity }))

/** Returns the labels that the record's fields name; undefined where the record does not decide. */
function named (bytes: Buffer): Record<string, string> | undefined {
  const fields = readJson(bytes.toString()) as Record<string, unknown> | undefined
  if (fields === undefined) return undefined
  const field = (name: string): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] ?? '' : ''
    return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString()
  }
  const host = [field('host'), field('hostname')].find(name => !/^(|-|<[^]*>)$/.test(name)) ?? ''
  const isOdd = !isHost(host) || !isTag(field('source'))
  const name = (text: string): string => isOdd && text !== '' ? 'unknown' : text
  const labels = {
    cloud: field('cloud'),
    region: field('region'),
    host: name(host),
    source: name(field('source')),
    service_name: name(field('source'))
  }
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, firstBytes(value, 2048).replaceAll('\ufffd', '?')])
    .filter(([, value]) => value !== ''))
}

function firstBytes (text: string, limit: number): string {
  let cut = ''
  for (let bytes = 0, characters = [...text], i = 0; i < characters.length; i++) {
    bytes += Buffer.byteLength(characters[i])
    if (bytes > limit) return cut
    cut += characters[i]
  }
  return cut
}

test('an entry lies in the stream that its fields name, or in quarantine, whatever the bytes', t => {
  let stored = 0
  let odd = 0
  const numRuns = scaled(2_000)
  const seed = anySeed()
  t.diagnostic(`seed ${seed}`)
  fc.assert(fc.property(record, record, (one, other) => {
    const { entries } = encodeMessages([rsyslogMessage([one, other])], {}, encoder)
    assert.equal(entries.length, 2)
    const labels = entries.map(entry => {
      const selector = parseSelector(entry.labels)
      assert.deepEqual(
        Object.fromEntries(parseLabels(entry.labels).map(({ name, value }) => [name, value])), selector, 'both parsers read the same'
      )
      return selector
    })
    const wanted = [one, other].map(bytes => {
      const fields = named(bytes)
      if (fields !== undefined && Object.keys(fields).length > 0) return fields
      odd++
      return undefined
    })
    for (const fields of wanted) {
      if (fields === undefined) continue
      // An edit may remove a record's time or message. Then it belongs in quarantine.
      const at = labels.findIndex(found => same(found, fields))
      if (at < 0) {
        assert.ok(labels.some(isQuarantine), `no entry lies in ${JSON.stringify(fields)}, but in ${JSON.stringify(labels)}`)
      } else {
        labels.splice(at, 1)
        stored++
      }
    }
    for (const rest of labels) assert.ok(isQuarantine(rest), `nobody's fields name ${JSON.stringify(rest)}`)
  }), { seed, numRuns })
  assert.ok(stored > numRuns / 2 && odd > numRuns / 2, `${stored} stored, ${odd} unreadable or without labels`)
})

/** A quarantine stream has exactly these two labels. No mapping can make the second. */
function isQuarantine (labels: Record<string, string>): boolean {
  return Object.keys(labels).length === 2 && labels.source === 'lokean' && /^[a-z_]+$/.test(labels.quarantine ?? '')
}

function same (one: Record<string, string>, other: Record<string, string>): boolean {
  return Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([name, value]) => other[name] === value)
}
