import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type Encoded, encodeMessages } from '../../../helpers/encode-records.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const TIME = '2026-11-22T08:13:28.123456789+01:00'
const FILE = '/var/log/containers/x.log'

type Piece = string | Record<string, unknown>

/** A record of a container's file; `P text`, `F text`, or `E` in front for stderr. */
function record (piece: Piece): string {
  if (typeof piece !== 'string') return recordText({ file: FILE, ...piece })
  const stream = piece.startsWith('E') ? 'stderr' : 'stdout'
  return recordText({ file: FILE, message: `${TIME} ${stream} ${piece.replace('E', '')}` })
}

function encode (pieces: readonly Piece[], settings = {}): Encoded {
  return encodeMessages([rsyslogMessage(pieces.map(record))], settings)
}

/** The lines without the time in front of them. */
function lines (pieces: readonly Piece[], settings = {}): string[] {
  return encode(pieces, settings).entries.map(({ line }) => line.replace(`${TIME} `, ''))
}

suite('pieces of a container\'s line', () => {
  test('are one line, flagged as whole, with the first one\'s time and the level of all', () => {
    const first = { '@timestamp': '2026-11-22T08:13:28.000001Z', message: `${TIME} stdout P 2026-11-22 08:13:28.123 7 ERROR no` }
    const { entries, result, counts } = encode([first, 'P va [-]', 'F  text'])
    assert.deepEqual([result.records, result.joined, counts], [3, 2, {}])
    const [{ line, time, metadata }] = entries
    assert.equal(line, `${TIME} stdout F 2026-11-22 08:13:28.123 7 ERROR nova [-] text`)
    assert.deepEqual([time % 1_000_000_000n, metadata.level, metadata.pid], [1000n, 'error', '7'])
  })

  test('without the last one stay flagged as a piece; a last one alone is a line', () => {
    assert.deepEqual(lines(['P a', 'P b']), ['stdout P ab'])
    assert.deepEqual(lines(['F a', 'F b']), ['stdout F a', 'stdout F b'])
    assert.deepEqual(lines(['P a', 'F b', 'F c', 'P d', 'F ']), ['stdout F ab', 'stdout F c', 'stdout F d'])
  })

  test('of two streams, files or hosts are told apart', () => {
    assert.deepEqual(lines(['P a', 'EP x', 'F b', 'EF y']).sort(), ['stderr F xy', 'stdout F ab'])
    const other = (change: Record<string, unknown>, text: string): Piece => ({ message: `${TIME} stdout ${text}`, ...change })
    for (const change of [{ file: '/other' }, { host: 'other' }, { source: 'other' }, { cloud: 'other' }]) {
      const mixed = ['P a', other(change, 'P x'), 'F b', other(change, 'F y')]
      assert.deepEqual(lines(mixed).sort(), ['stdout F ab', 'stdout F xy'], JSON.stringify(change))
    }
    // What two values are made of is not enough.
    assert.deepEqual(lines([other({ host: 'ab', source: 'c' }, 'P 1'), other({ host: 'a', source: 'bc' }, 'F 2')]).length, 2)
  })

  test('are joined up to the longest line, and the rest is joined by itself', () => {
    const text = 'x'.repeat(400)
    const pieces = [`P ${text}`, `P ${text}`, `P ${text}`, `P ${text}`, `F ${text}`]
    const [first, second, third] = lines(pieces, { maxLineBytes: 1024 })
    assert.deepEqual([first, second, third], [`stdout P ${text}${text}`, `stdout P ${text}${text}`, `stdout F ${text}`])
  })

  test('that cut a character in two are mended by each other', () => {
    const [head, tail] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    const cut = (piece: string, byte: Buffer): Buffer => {
      const [before, behind] = record(piece).split('<>')
      return Buffer.concat([Buffer.from(before), byte, Buffer.from(behind)])
    }
    const halves = [cut('P a<>', head), cut('F <>b', tail)]
    const { entries, counts } = encodeMessages([rsyslogMessage(halves)])
    assert.deepEqual([entries.map(({ line }) => line), counts], [[`${TIME} stdout F aéb`], {}])
    const { entries: [half], counts: mended } = encodeMessages([rsyslogMessage([halves[0]])])
    assert.deepEqual([half.line, mended], [`${TIME} stdout P a\ufffd`, { utf8: 1 }])
  })

  test('that cannot be stored go to quarantine one by one, as they came', () => {
    const old = (text: string): Piece => ({ '@timestamp': '2020-01-01T00:00:00Z', message: `${TIME} stdout ${text}` })
    const { entries, counts, result } = encode([old('P a'), old('F b')])
    assert.deepEqual([counts, result.joined, entries.map(({ line }) => line)], [{ too_old: 2 }, 0, [old('P a'), old('F b')].map(record)])
  })

  test('of records that JSON.parse has to read are joined as well', () => {
    const number = (text: string): Piece => ({ message: `${TIME} stdout ${text}`, other: 7, cloud: 1 })
    assert.deepEqual(lines([number('P a'), number('F b')]), ['stdout F ab'])
  })

  test('of another message are none of it', () => {
    const { entries } = encodeMessages([rsyslogMessage([record('P a')]), rsyslogMessage([record('F b')])])
    assert.deepEqual(entries.map(({ line }) => line), [`${TIME} stdout P a`, `${TIME} stdout F b`])
  })
})

test('any line, cut anywhere and mixed with others, is whole again; a resend beside other messages gives the same', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', '\t', ' ', 'T', '\0'), minLength: 1, maxLength: 60 })
  const cut = fc.tuple(text, fc.array(fc.nat({ max: 60 }), { maxLength: 4 }))
  const written = fc.tuple(fc.array(cut, { minLength: 1, maxLength: 4 }), fc.array(fc.nat({ max: 3 }), { maxLength: 20 }))
  fc.assert(fc.property(written, ([all, order]) => {
    const queues = all.map(([line, cuts], i) => {
      const places = [0, ...cuts.filter(at => at > 0 && at < line.length).sort((a, b) => a - b), line.length]
      return places.slice(1).map((to, k): Piece => ({
        file: `/${i}`, message: `${TIME} stdout ${k === places.length - 2 ? 'F' : 'P'} ${line.slice(places[k], to)}`
      }))
    })
    const pieces: Piece[] = []
    for (const i of [...order, ...all.flatMap((_, i) => queues[i].map(() => i))]) pieces.push(...queues[i]?.splice(0, 1) ?? [])
    const message = rsyslogMessage(pieces.map(record))
    const { entries, result } = encodeMessages([message])
    const expected = all.map(([line], i) => [`/${i}`, `${TIME} stdout F ${line}`.replace(/\0\0+/g, run => `[${run.length} NULs]`)])
    assert.deepEqual(entries.map(({ line, metadata }) => [metadata.file, line]).sort(), expected.sort())
    assert.equal(result.records, entries.length + result.joined)
    const others = rsyslogMessage(['P z', 'F y'].map(text => record({ region: 'other', message: `${TIME} stdout ${text}` })))
    const again = encodeMessages([others, message, others]).entries.filter(({ labels }) => !labels.includes('other'))
    const stored = (list: typeof entries): unknown => list.map(({ labels, time, line, metadata }) => [labels, time, line, metadata])
    assert.deepEqual(stored(again), stored(entries))
  }), { numRuns: scaled(1000) })
})
