import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { DropRule, EncoderSettings, RedactRule } from '../../../../src/worker/messages/settings.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { quarantineMessage } from '../../../../src/worker/output/quarantine-message.ts'
import { type Encoded, encode, encodeMessages } from '../../../helpers/encode-records.ts'
import {
  ARRIVAL, decodeParts, encoderSettings, encodeTask, mappings, recordText, rsyslogMessage
} from '../../../helpers/worker-fixtures.ts'

const SECRET = 'hunter2'
const TOKEN: RedactRule = { name: 'token', text: 'X-Token', pattern: 'X-Token: ?"?([^\\s"\\\\]+)' }
const LINE = `nova X-Token: ${SECRET}`

/** The lines that are stored, and how many each rule has dropped. */
function dropped (
  records: ReadonlyArray<string | Uint8Array>, drop: readonly DropRule[], overrides: Partial<EncoderSettings> = {}
): { lines: string[], counts: number[] } {
  const { entries, result } = encode(records, { drop, ...overrides })
  const gone = result.dropped.reduce((sum, count) => sum + count, 0)
  assert.equal(entries.length, result.records - gone - result.empty - result.joined)
  return { lines: entries.map(({ line }) => line), counts: [...result.dropped] }
}

suite('a rule drops', () => {
  const records = [
    recordText({ message: 'one', host: 'h1', source: 'su', severity: '7' }),
    // Not all ASCII, so that JSON.parse reads it.
    recordText({ message: 'twö GET /health', host: 'h1', source: 'nova', severity: '3' }),
    recordText({ message: 'three GET /health', host: 'h2', source: 'nova', severity: '7' })
  ]
  const cases: Array<[what: string, rules: DropRule[], lines: string[], counts: number[]]> = [
    ['by level', [{ name: 'a', level: 'debug' }], ['twö GET /health'], [2]],
    ['by source', [{ name: 'a', source: 'nova' }], ['one'], [2]],
    ['by host', [{ name: 'a', host: 'h1' }], ['three GET /health'], [2]],
    ['by text', [{ name: 'a', text: 'GET /health' }], ['one'], [2]],
    [
      'where all of its conditions hold', [{ name: 'a', level: 'debug', source: 'nova', host: 'h2', text: 'GET /health' }],
      ['one', 'twö GET /health'], [1]
    ],
    ['and the first of several counts', [{ name: 'a', host: 'h2' }, { name: 'b', level: 'debug' }], ['twö GET /health'], [1, 1]],
    [
      'nothing that only begins so', [{ name: 'a', source: 'nov' }, { name: 'b', text: 'GET /healthz' }, { name: 'c', host: 'h' }],
      ['one', 'twö GET /health', 'three GET /health'], [0, 0, 0]
    ]
  ]
  for (const [what, rules, lines, counts] of cases) test(what, () => { assert.deepEqual(dropped(records, rules), { lines, counts }) })
})

test('ids of a line in colours, and of one with NULs, do not keep what the line hides', () => {
  const id = 'req-5d3f0c1e-0000-4000-8000-000000000001'
  const redact: RedactRule[] = [{ name: 'id', text: '[req-', pattern: '\\[(req-[0-9a-f-]+)' }]
  for (const dirt of ['', '\x1b[31m', '#033[31m', '\0']) {
    const message = `${dirt}2026-11-22 08:00:01.234 7 INFO nova.x [${id} - - - - -] text`
    const record = recordText({ message, file: '/var/log/nova/nova-api.log' })
    const { entries } = encode([record], { redact, metadata: mappings('request_id,level') })
    assert.doesNotMatch(JSON.stringify(entries.map(({ line, metadata }) => [line, metadata])), /5d3f0c1e/, JSON.stringify(dirt))
    assert.match(entries[0]?.line ?? '', /\[redacted:id\]/)
  }
})

test('a level counts that is derived for nothing else, and one of the record itself in any case', () => {
  const drop: DropRule[] = [{ name: 'a', level: 'debug' }]
  const records = [
    recordText({ message: '2026-11-22 08:00:01.234 7 DEBUG nova.x [-] derived', file: '/f' }),
    recordText({ message: 'own', level: 'DEBUG', file: '/f' }),
    recordText({ message: 'other', level: 'INFO', file: '/f' })
  ]
  assert.deepEqual(dropped(records, drop, { metadata: [] }), { lines: ['other'], counts: [2] })
})

test('a record that is too old for its stream is dropped as one in time, and one that cannot be read is not', () => {
  const drop: DropRule[] = [{ name: 'a', text: 'noise' }]
  const { lines, counts } = dropped([
    recordText({ message: 'noise', '@timestamp': '2026-01-01T00:00:00Z' }), recordText({ message: 'noise', '@timestamp': 'noise' }),
    recordText({ message: 'other', '@timestamp': 'noise' }), '{"message":"noise"'
  ], drop)
  assert.deepEqual(counts, [2])
  assert.equal(lines.length, 2)
})

/** A record with a piece of a container's line. */
function piece (flag: 'P' | 'F', text: string): string {
  return recordText({ message: `2026-11-22T08:13:28.486506789+00:00 stdout ${flag} ${text}`, file: '/c' })
}

test('a line in pieces is dropped as one, and of a batch nothing may be left', () => {
  assert.deepEqual(dropped([piece('P', 'noi'), piece('F', 'se')], [{ name: 'a', text: 'noise' }]), { lines: [], counts: [1] })
})

/** All that is stored, what is written in base64 also without. */
function textOf ({ entries }: Encoded): string {
  const decoded = (line: string): string => Buffer.from(line.split('base64: ')[1] ?? '', 'base64').toString('latin1')
  return entries.map(({ labels, line, metadata }) => `${labels} ${line} ${JSON.stringify(metadata)} ${decoded(line)}`).join('\n')
}

suite('a secret is redacted', () => {
  const record = recordText({ message: LINE })
  const old = { '@timestamp': '2026-01-01T00:00:00Z' }
  const cases: Array<[what: string, record: string | Uint8Array, overrides?: Partial<EncoderSettings>]> = [
    ['in a line', record],
    ['in a line beyond ASCII', recordText({ message: `é ${LINE}` })],
    ['in a line with a quote in front', recordText({ message: `"${LINE}"` })],
    ['in a line in which escapes hide it', record.replace('X-Token', 'X\\u002dT\\u006fken')],
    ['in a line that is not UTF-8', Buffer.from(record.replace('nova', '\xff'), 'latin1')],
    ['in metadata and labels', record, { labels: mappings('m=message,source'), metadata: mappings('x=message,tag') }],
    ['in a label', recordText({ source: LINE, host: LINE, cloud: LINE })],
    ['in any key that is stored', recordText({ other: LINE, nested: { deep: [LINE] } }), { metadata: mappings('other,nested') }],
    [
      'in what is derived of the line', recordText({ message: `2026-11-22 08:00:01.234 7 INFO nova.x [req-X-Token:${SECRET} a b] text` }),
      { labels: mappings('request_id,source') }
    ],
    ['in quarantine for its time', recordText({ message: LINE, ...old })],
    ['in quarantine with escapes', recordText({ message: `say X-Token: "${SECRET}"`, ...old })],
    ['in quarantine without labels', recordText({ message: LINE }), { labels: mappings('nosuch') }],
    ['in what tells of a record in quarantine', recordText({ host: LINE, source: LINE, ...old })],
    ['in what is no JSON', record.slice(0, -5)],
    ['in what is no record', JSON.stringify([LINE])],
    ['without a message', recordText({ message: undefined, x: LINE })],
    ['in a line that is split', recordText({ message: `${'x'.repeat(1500)} ${LINE}` }), { maxLineBytes: 1510 }],
    ['with newlines that are undone', recordText({ message: `a#012${LINE}#012b` }), { unescapeNewlines: true }]
  ]
  for (const [what, record, overrides] of cases) {
    test(what, () => {
      const encoded = encode([recordText(), record, recordText()], { redact: [TOKEN], ...overrides })
      assert.doesNotMatch(textOf(encoded), new RegExp(SECRET))
      assert.match(textOf(encoded), /\[redacted:token\]/)
      assert.deepEqual([...encoded.result.redacted], [1])
      assert.match(textOf(encode([record], overrides)), new RegExp(SECRET), 'which without the rule is there')
    })
  }

  test('in a body that is no record, whose bytes stay as many', () => {
    const message = Buffer.concat([Buffer.from(LINE), Buffer.of(0xff)])
    const encoded = encodeMessages([message], { redact: [TOKEN] })
    assert.doesNotMatch(textOf(encoded), new RegExp(SECRET))
    assert.deepEqual([...encoded.result.redacted], [1])
    assert.match(encoded.entries[0]?.line ?? '', new RegExp(`^${message.length} bytes, base64: `))
  })

  test('in a message that made the workers fail', () => {
    const message = rsyslogMessage([recordText({ message: `"${LINE}"` })])
    const settings = encoderSettings({ redact: [{ name: 'other', text: 'nosuch', pattern: 'nosuch' }, TOKEN] })
    const task = { address: 'a', message, arrivalSeconds: ARRIVAL.seconds, arrivalNanos: 0 }
    const { parts, redacted } = quarantineMessage(task, settings)
    const came = Buffer.from((decodeParts(parts)[0]?.line ?? '').split('base64: ')[1] ?? '', 'base64')
    assert.deepEqual(came.toString('latin1'), message.toString('latin1').replace(SECRET, '*'.repeat(SECRET.length)))
    assert.deepEqual([...redacted], [0, 1])
  })

  test('in a line that a container\'s runtime has cut in the middle of it', () => {
    const encoded = encode([piece('P', 'X-Tok'), piece('P', 'en: hun'), piece('F', 'ter2 b')], { redact: [TOKEN] })
    assert.deepEqual(encoded.entries.map(({ line }) => line.split(' F ')[1]), ['X-Token: [redacted:token] b'])
  })
})

test('what a level is derived of stays known where the line is redacted', () => {
  const redact = [{ name: 'all', text: 'ERROR', pattern: '\\d{4}-.+' }]
  const { entries } = encode([recordText({ message: '2026-11-22 08:00:01.234 77 ERROR nova.x [-] text' })], { redact })
  assert.deepEqual(entries.map(({ line, metadata }) => [line, metadata]), [['[redacted:all]', { level: 'error' }]])
})

test('a message that comes again gives the same entries', () => {
  const message = rsyslogMessage([
    recordText({ message: LINE }), recordText({ message: 'noise' }), '{"X-Token: abc"', recordText({ message: `ä ${LINE}` })
  ])
  const settings = encoderSettings({ redact: [TOKEN], drop: [{ name: 'a', text: 'noise' }], maxDisorderMs: Infinity })
  const encoder = new Encoder(settings)
  const [first, second] = [1, 2].map(() => decodeParts(encoder.encode(encodeTask([message])).parts))
  assert.deepEqual(second, first)
  assert.equal(first?.length, 3)
})

test('rules that take nothing change nothing', () => {
  const records = Array.from({ length: 50 }, (_, i) => {
    return recordText({ message: `line ${i} ${i % 2 === 0 ? 'é' : ''}`, severity: String(i % 8) })
  })
  const without = encode(records)
  const redact: RedactRule[] = [{ name: 'n', text: 'nosuch', pattern: 'nosuch' }]
  const drop: DropRule[] = [{ name: 'n', text: 'nosuch' }, { name: 'o', source: 'nosuch', level: 'info' }]
  assert.deepEqual(encode(records, { redact, drop }).entries, without.entries)
})

test('a literal is found wherever it stands in a record, as a plain search finds it', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é', ' '), minLength: 3, maxLength: 40 })
  const some = (maxLength: number): fc.Arbitrary<string[]> => fc.array(letters, { minLength: 1, maxLength })
  fc.assert(fc.property(some(12), some(3), (literals, lines) => {
    const redact = literals.map((text, i) => ({ name: `r${i}`, text, pattern: '[ab-]' }))
    const drop = literals.map((text, i) => ({ name: `r${i}`, text }))
    const records = lines.map(line => recordText({ message: `=${line}`, host: 'x', source: 'y', tag: '', cloud: '', region: '' }))
    const of = (literal: string): number => lines.filter(line => line.includes(literal) && /[ab-]/.test(line)).length
    const { redacted } = encode(records, { redact }).result
    for (const [i, literal] of literals.entries()) assert.ok(redacted[i] <= of(literal))
    const touched = lines.filter(line => literals.some(one => line.includes(one))).length
    assert.equal([...encode(records, { drop }).result.dropped].reduce((sum, count) => sum + count, 0), touched)
    const marked = encode(records, { redact }).entries.filter(({ line }) => line.includes('[redacted:')).length
    assert.equal(marked, lines.filter(line => literals.some(one => line.includes(one)) && /[ab-]/.test(line)).length)
  }))
})
