import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LokeanError } from '../../../../src/errors.ts'
import { FrameReader, MAX_FRAME_BYTES } from '../../../../src/source/amqp/frames.ts'

const SASL_HEADER = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1')
const AMQP_HEADER = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')

/** A frame of so many bytes, which differ by seed. Type 0 is AMQP, type 1 is SASL. */
function frame (size: number, type = 0, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at++) bytes[at] = (Math.imul(at + seed, 2654435761) >>> 13) & 0xff
  bytes.writeUInt32BE(size, 0)
  bytes[4] = 2
  bytes[5] = type
  return bytes
}

/** Copies each unit, because it is valid only during the call. */
function reading (): { reader: FrameReader, units: Buffer[] } {
  const units: Buffer[] = []
  return { reader: new FrameReader(unit => { units.push(Buffer.from(unit)) }), units }
}

/** Passes a stream on as a socket does, in pieces of the given sizes as far as there is room. */
function feed (reader: FrameReader, stream: Buffer, pieces: Iterable<number>): void {
  const sizes = pieces[Symbol.iterator]()
  for (let at = 0; at < stream.length;) {
    const { room } = reader
    assert.ok(room.length > 0, 'there is room')
    const next = sizes.next()
    const length = Math.min(next.done === true ? stream.length : next.value, room.length, stream.length - at)
    stream.copy(room, 0, at, at + length)
    reader.read(length)
    at += length
  }
}

function assertUnits (units: Buffer[], expected: Buffer[]): void {
  assert.deepEqual(units.map(({ length }) => length), expected.map(({ length }) => length))
  for (const [i, unit] of units.entries()) assert.ok(unit.equals(expected[i]), `unit ${i}`)
}

const refused = (size: number) => (error: unknown): boolean =>
  error instanceof LokeanError && error.code === 'LOKEAN_BUS' && error.retryable && error.message.includes(`a frame of ${size} bytes`)

const sizes = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 8, max: 60 }) },
  { weight: 4, arbitrary: fc.integer({ min: 8, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: MAX_FRAME_BYTES - 20, max: MAX_FRAME_BYTES }) }
)
const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: MAX_FRAME_BYTES }) }
)

test('a stream comes out header by header and frame by frame, byte for byte, however it was cut', () => {
  const conversation = fc.record({
    sasl: fc.option(fc.array(sizes, { minLength: 1, maxLength: 4 }), { nil: undefined }),
    amqp: fc.array(sizes, { maxLength: 25 })
  })
  fc.assert(fc.property(conversation, fc.array(pieces, { maxLength: 200 }), ({ sasl, amqp }, cuts) => {
    const expected = [
      ...(sasl === undefined ? [] : [SASL_HEADER, ...sasl.map((size, i) => frame(size, 1, i))]),
      AMQP_HEADER,
      ...amqp.map((size, i) => frame(size, 0, 100 + i))
    ]
    const { reader, units } = reading()
    feed(reader, Buffer.concat(expected), cuts)
    assertUnits(units, expected)
    assert.equal(reader.room.length, MAX_FRAME_BYTES, 'nothing is kept')
  }), { numRuns: 60 })
})

test('byte by byte', () => {
  const expected = [SASL_HEADER, frame(8, 1), AMQP_HEADER, frame(8), frame(9), frame(300), frame(8)]
  const { reader, units } = reading()
  feed(reader, Buffer.concat(expected), Array.from({ length: 400 }, () => 1))
  assertUnits(units, expected)
})

test('the end of a frame is not waited for a byte longer than it takes', () => {
  const { reader, units } = reading()
  const stream = Buffer.concat([AMQP_HEADER, frame(20)])
  feed(reader, stream.subarray(0, stream.length - 1), [])
  assert.equal(units.length, 1)
  feed(reader, stream.subarray(stream.length - 1), [])
  assertUnits(units, [AMQP_HEADER, frame(20)])
})

for (const behind of [0, 7, 30_000]) {
  test(`a frame as large as can be, ${behind} bytes behind the beginning of a read`, () => {
    const expected = [AMQP_HEADER, ...(behind < 8 ? [] : [frame(behind)]), frame(MAX_FRAME_BYTES), frame(8)]
    const { reader, units } = reading()
    const stream = Buffer.concat(expected)
    feed(reader, stream, [8 + behind, MAX_FRAME_BYTES - 1])
    assertUnits(units, expected)
  })
}

for (const size of [...Array(8).keys(), MAX_FRAME_BYTES + 1, 0x41_4d_51_4f, 0x41_4d_51_51, 0x7fff_ffff, 0xffff_ffff]) {
  test(`a frame that claims to have ${size} bytes is an error of the bus, as soon as it claims it`, () => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(size)
    for (const cut of [0, 1, 3]) {
      const { reader, units } = reading()
      feed(reader, Buffer.concat([AMQP_HEADER, frame(12), head.subarray(0, cut)]), [])
      assert.throws(() => feed(reader, head.subarray(cut), []), refused(size))
      assertUnits(units, [AMQP_HEADER, frame(12)])
      assert.ok(reader.room.length > 0)
    }
  })
}

test('a header in the middle is an error: what waits for the end of such a frame would wait for a gibibyte', () => {
  for (const before of [
    [AMQP_HEADER], [SASL_HEADER], [AMQP_HEADER, frame(30)], [SASL_HEADER, frame(30, 1), AMQP_HEADER, frame(8), frame(70_000)]
  ]) {
    const { reader, units } = reading()
    assert.throws(() => feed(reader, Buffer.concat([...before, AMQP_HEADER]), []), refused(0x41_4d_51_50))
    assertUnits(units, before)
  }
})

test('what does not begin as AMQP does is handed on as it is', () => {
  for (const text of [
    'HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH_9.9\r\n', '\x15\x03\x01\x00\x02\x02\x46 an alert', '\0\0\0\0\0\0\0\0'
  ]) {
    const { reader, units } = reading()
    feed(reader, Buffer.from(text, 'latin1'), [])
    assertUnits(units, [Buffer.from(text, 'latin1')])
  }
})

test('what does not begin as AMQP does, in any pieces, is handed on in order, eight bytes or more at a time', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.array(fc.integer({ min: 1, max: 20 })), (bytes, cuts) => {
    const stream = Buffer.from(bytes)
    stream.fill('H', 0, 1)
    const { reader, units } = reading()
    // From an AMQP header on, the bytes would be read as AMQP again.
    fc.pre(!stream.includes('AMQP'))
    feed(reader, stream, cuts)
    const whole = Buffer.concat(units)
    assert.ok(whole.equals(stream.subarray(0, whole.length)))
    assert.ok(stream.length - whole.length < 8 && units.every(({ length }) => length >= 8))
  }))
})

test('a few bytes are no answer yet', () => {
  for (const text of ['A', 'AMQ', 'AMQP', 'AMQP\0\x01\0', 'no', 'nothing']) {
    const { reader, units } = reading()
    feed(reader, Buffer.from(text, 'latin1'), [])
    assert.deepEqual(units, [])
    assert.equal(reader.room.length, MAX_FRAME_BYTES - text.length)
  }
})

test('an error of who takes the frames comes out as it is, and none of them comes twice', () => {
  const failure = new Error('not this one')
  const units: Buffer[] = []
  const reader = new FrameReader(unit => {
    units.push(Buffer.from(unit))
    if (unit.length === 30) throw failure
  })
  feed(reader, Buffer.concat([AMQP_HEADER, frame(20), frame(25).subarray(0, 10)]), [])
  assert.throws(() => feed(reader, Buffer.concat([frame(25).subarray(10), frame(30), frame(35)]), []), failure)
  assertUnits(units, [AMQP_HEADER, frame(20), frame(25), frame(30)])
  assert.ok(reader.room.length > 0)
})
