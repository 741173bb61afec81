import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { SyslogFrames } from '../../../../src/source/syslog/frames.ts'
import { streamCompression } from '../../../../src/source/syslog/inflate.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { framed, SYSLOG_CAPTURES, SYSLOG_CASES } from '../../../helpers/syslog-cases.ts'

const texts = (stream: string | Buffer, mostBytes?: number): string[] => framed([Buffer.from(stream as string)], mostBytes).records.map(String)
const counted = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text as string)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}

suite('how a connection is cut into reads makes no difference', () => {
  // A NUL within a text may end it, where a read ends behind it: no read brings a handshake of TLS so far.
  for (const { id, stream } of [...SYSLOG_CASES, ...SYSLOG_CAPTURES].filter(({ id }) => id !== 'tf-tls-on-plain-port')) {
    test(id, () => {
      const whole = framed([stream])
      const cuts = stream.length > 20_000 ? 997 : stream.length > 2_000 ? 13 : 1
      for (let cut = 0; cut <= stream.length; cut += cuts) {
        assert.deepEqual(framed([stream.subarray(0, cut), stream.subarray(cut)]), whole, `cut at ${cut}`)
      }
      assert.deepEqual(framed(Array.from(stream, byte => Buffer.from([byte]))), whole, 'byte by byte')
    })
  }

  const piece = fc.constantFrom(
    '<13>a', '<13>b\n', '\n', '\r\n', '\0<', '\0\n', '<', 'text ', '12', ' ', '5 <13>a', '6 <13>ab', '0 <13>', '7 {"a":1', '999999999 <13>x', '9999999999 <13>x', '2026-11-27 10:00:00 x\n',
    '1 2026-11-27T10:00:00Z h a - - - x', '17 Nov 27 10:00:00 x', '4 z\x78\x9c\x03', 'é', '\ufeff', '40 <13>0123456789012345678901234567890123456789', 'x'.repeat(20)
  )
  test('whatever it is', () => {
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), fc.constantFrom(8, 32, 1000), (pieces, sizes, most) => {
      const stream = Buffer.from(pieces.join(''))
      const reads: Buffer[] = []
      let at = 0
      for (const size of sizes) reads.push(stream.subarray(at, at += size))
      reads.push(stream.subarray(at))
      assert.deepEqual(framed(reads, most), framed([stream], most), JSON.stringify(stream.toString('latin1')))
    }), { numRuns: scaled(10_000) })
  })
})

suite('frames', () => {
  const cases: Record<string, [stream: string | Buffer, ...records: string[]]> = {
    'LF ends a line, and CR LF does': ['a\nb\r\nc', 'a', 'b', 'c'],
    'empty lines are none': ['\n\r\n\0\na\n\n\nb', 'a', 'b'],
    'a count, and what it counts': ['5 <13>a6 <13>b\n\n<13>c', '<13>a', '<13>b\n', '<13>c'],
    'a count is followed by a message': ['200 OK\n5 items\n12 Monkeys came\n404 {not json}\n', '200 OK', '5 items', '12 Monkeys came', '404 {not json}'],
    'a count may be followed by JSON, a date or a version': [
      Buffer.concat(['{"a":1}', '@cee:{}', 'Nov  7 10:00:00 h a: x', 'Nov 7 10:00:00 h a: x', '2026-11-27T10:00:00Z h a: x', '1 2026-11-27T10:00:00Z h a - - - x'].map(counted)),
      '{"a":1}', '@cee:{}', 'Nov  7 10:00:00 h a: x', 'Nov 7 10:00:00 h a: x', '2026-11-27T10:00:00Z h a: x', '1 2026-11-27T10:00:00Z h a - - - x'
    ],
    'a date is no count': ['2026-11-27 10:00:00 x\n1 2026-11-27T10:00:00Z h a - - - x\n', '2026-11-27 10:00:00 x', '1 2026-11-27T10:00:00Z h a - - - x'],
    'a count of ten digits is none': ['2000000010 <13>a\n4000000000 <13>b\n', '2000000010 <13>a', '4000000000 <13>b'],
    'a count far beyond the limit is none': ['999999999 <13>a\n<13>b\n', '999999999 <13>a', '<13>b'],
    'NUL ends a message where another begins, or none does': ['<13>a\0<13>b\0\nc\0', '<13>a', '<13>b', 'c'],
    'NUL within a text ends nothing': ['<13>a\0b\n', '<13>a\0b'],
    'a compressed message is inflated': [
      Buffer.concat([counted(Buffer.concat([Buffer.from('z'), deflateSync('<13>compressed\n')])), Buffer.from('<13>b\n')]), '<13>compressed\n', '<13>b'
    ]
  }
  for (const [name, [stream, ...records]] of Object.entries(cases)) test(name, () => assert.deepEqual(texts(stream), records))

  test('a frame that counts and is short at the end is none, and a fault', () => {
    assert.deepEqual(framed([Buffer.from('<13>a\n99 <13>b')]), { records: [Buffer.from('<13>a')], faults: ['short'] })
  })

  test('a longer line is cut and marked, and the rest of its frame goes with it', () => {
    for (const stream of [`${'x'.repeat(25)}\r\nnext\n`, `${'x'.repeat(26)}\0<13>n\n`, counted(`<1>${'x'.repeat(29)}`).toString() + 'next\n']) {
      const { records, faults } = framed([Buffer.from(stream)], 10)
      assert.equal(records.length, 2)
      assert.match(String(records[0]), /^.{10} \[cut\]$/)
      assert.deepEqual(faults, ['cut'])
    }
  })

  test('no character is cut in two', () => assert.deepEqual(texts('éééééé\nx', 9), ['éééé [cut]', 'x']))

  test('a message that is too long once inflated, or is no stream of zlib, is told and left out', () => {
    const bomb = counted(Buffer.concat([Buffer.from('z'), deflateSync('<13>' + 'x'.repeat(2_000_000))]))
    for (const frame of [bomb, counted('zxno zlib')]) {
      const { records, faults } = framed([Buffer.concat([frame, Buffer.from('next\n')])])
      assert.deepEqual(faults, ['inflate'])
      assert.match(String(records[0]), /^\[a compressed message of \d+ bytes that cannot be inflated\]$/)
      assert.equal(String(records[1]), 'next')
    }
  })

  test('a connection that is compressed as a whole is known by its first bytes', () => {
    assert.equal(streamCompression(deflateSync('<13>a')), 'zlib')
    assert.equal(streamCompression(Buffer.from('28b52ffd0458', 'hex')), 'zstd')
    for (const text of ['xyz', '<13>a', '', 'x']) assert.equal(streamCompression(Buffer.from(text)), undefined)
  })
})

suite('without room', () => {
  test('a frame is left where it is, and taken when there is some', () => {
    for (const frame of ['<13>abc\n', '7 <13>abc', 'x'.repeat(2000) + '\n', `3000 <13>${'x'.repeat(2996)}`]) {
      const records: string[] = []
      let room = 5
      const frames = new SyslogFrames(1000, {
        fits: bytes => bytes <= room, record: (bytes, start, end) => records.push(bytes.toString('utf8', start, end)), fault: () => {}
      })
      const stream = Buffer.from(`a\n${frame}`)
      const taken = frames.take(stream, false)
      assert.deepEqual([taken, frames.lacks, records], [2, 'room', ['a']])
      assert.equal(frames.take(stream.subarray(taken), false), 0, 'nothing more without room')
      room = 2000
      assert.equal(frames.take(stream.subarray(taken), false), stream.length - taken)
      assert.deepEqual([frames.lacks, records.length], ['bytes', 2])
    }
  })
})
