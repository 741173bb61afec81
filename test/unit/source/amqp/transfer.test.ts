import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import fc from 'fast-check'
import { readTransfer } from '../../../../src/source/amqp/transfer.ts'
import { readFrames } from '../../../helpers/amqp-frames.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { frameOf, type Layout, layout, list, PLAIN, type Said, said, transferFrame } from './transfer-frame.ts'

interface Performative {
  dispatch (target: { on_transfer (frame: Read): void }, frame: Read): void
  handle: unknown
  delivery_id: unknown
  more: unknown
  aborted: unknown
}
interface Read { channel: number, type: number, performative?: Performative, payload?: Buffer }

const rhea: { read_frame (frame: Buffer): Read | null } = createRequire(import.meta.url)('rhea/lib/frames.js')

/** Returns rhea's reading in our terms. Throws where rhea finds no transfer either. */
function asRheaReads (frame: Buffer): unknown {
  const read = rhea.read_frame(frame) as Read
  assert.equal(read.type, 0)
  let transfer: unknown
  read.performative?.dispatch({
    on_transfer: ({ channel, performative, payload }) => {
      const { handle, delivery_id: id, more, aborted } = performative as Performative
      transfer = plain({
        channel,
        handle: handle as number,
        id: (id ?? undefined) as number | undefined,
        more: Boolean(more),
        aborted: Boolean(aborted),
        payload: payload ?? Buffer.alloc(0)
      })
    }
  }, read)
  assert.notEqual(transfer, undefined)
  return transfer
}

function plain ({ channel, handle, id, more, aborted, payload }: Said): unknown {
  return { channel, handle, id, more, aborted, payload: Buffer.from(payload).toString('hex') }
}

/** Checks that any result equals rhea's, and does not depend on the bytes around the frame. */
function assertAsRhea (frame: Buffer): boolean {
  const results = [0x00, 0xff, 0x41].map(around => {
    const bytes = Buffer.alloc(frame.length + 600, around)
    frame.copy(bytes, 300)
    const transfer = readTransfer(bytes.subarray(300, 300 + frame.length))
    if (transfer !== undefined) assert.equal(transfer.payload.byteOffset + transfer.payload.length, bytes.byteOffset + 300 + frame.length)
    return transfer === undefined ? undefined : plain(transfer)
  })
  for (const result of results) assert.deepEqual(result, results[0])
  if (results[0] !== undefined) assert.deepEqual(results[0], asRheaReads(frame))
  return results[0] !== undefined
}

test('a plain transfer is taken, in every legal encoding of its fields', () => {
  fc.assert(fc.property(said(), layout({ plain: true }), (what, how) => {
    const transfer = readTransfer(transferFrame(what, how))
    assert.ok(transfer !== undefined)
    assert.deepEqual(plain(transfer), plain(what))
    assert.ok(assertAsRhea(transferFrame(what, how)))
  }), { numRuns: scaled(1_000) })
})

test('a transfer of any kind is what rhea makes of it, or left to rhea', () => {
  fc.assert(fc.property(said(), layout(), (what, how) => {
    const frame = transferFrame(what, how)
    assert.deepEqual(asRheaReads(frame), plain(what), 'the frame is well-formed')
    const isPlain = how.descriptor === 'smallulong' && how.state === 'none' && how.tag?.wide !== true
    assert.equal(assertAsRhea(frame), isPlain)
  }), { numRuns: scaled(1_000) })
})

test('those that a real router sent are all taken', () => {
  const frames = readFrames(readFileSync(join('test', 'fixtures', 'omamqp1', 'wire-router-receiver-s2c.bin')))
  for (const { code, bytes, payload } of frames) {
    assert.equal(assertAsRhea(bytes), code === 0x14)
    if (code === 0x14) assert.ok(payload.equals(readTransfer(bytes)?.payload as Uint8Array))
  }
})

for (const [what, how] of Object.entries<Partial<Layout>>({
  'a delivery state': { state: 'accepted' },
  'a long tag': { tag: { wide: true, bytes: Buffer.alloc(20) } },
  'a descriptor in its long form': { descriptor: 'ulong' },
  'a descriptor by name': { descriptor: 'symbol8' }
})) test(`${what} is left to rhea`, () => { assert.equal(readTransfer(transferFrame({ id: 1 }, how)), undefined) })

/** Any value of a fixed width, short variable values, lists, and codes that are no type. */
const wild = fc.tuple(
  fc.constantFrom(
    0x00, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x56, 0x60, 0x70, 0x71, 0x80, 0xa0, 0xa1, 0xa3, 0xb0, 0xc0,
    0xd0, 0xe0, 0x13, 0xff
  ),
  fc.uint8Array({ maxLength: 9 })
).map(([code, bytes]) => {
  const width = [0, 1, 2, 4, 8, 16][(code >>> 4) - 4] ?? 0
  return code >= 0xa0
    ? Buffer.of(code, bytes.length, ...bytes)
    : Buffer.concat([Buffer.of(code), bytes, Buffer.alloc(16)]).subarray(0, 1 + width)
})

test('fields of types that they do not have are never read as something else than rhea reads', () => {
  let taken = 0
  fc.assert(fc.property(fc.array(fc.oneof(wild, fc.constant(Buffer.of(0x43)), fc.constant(Buffer.of(0x40))), { maxLength: 13 }),
    fc.boolean(), fc.uint8Array({ maxLength: 20 }), (fields, wide, payload) => {
      if (assertAsRhea(frameOf(3, new Uint8Array(), Buffer.concat([Buffer.of(0x00, 0x53, 0x14), list(fields, wide)]), payload))) taken++
    }), { numRuns: scaled(3_000) })
  assert.ok(taken > 0)
})

for (const [name, field] of [['handle', 0], ['id', 1], ['more', 5], ['aborted', 9]] as const) {
  test(`a ${name} of another type is left to rhea`, () => {
    for (const value of [
      [0x50, 1], [0x54, 1], [0x60, 0, 1], [0xa0, 1, 1],
      ...(field < 2 ? [[0x41], [0x42], [0x56, 1]] : [[0x43], [0x52, 1], [0x70, 0, 0, 0, 1]]), ...(field === 0 ? [[0x40]] : [])
    ]) {
      const fields = Array.from({ length: 11 }, (_, i) => i < 2 ? Buffer.of(0x52, i) : Buffer.of(0x40))
      const frame = (): Buffer => frameOf(
        0, new Uint8Array(), Buffer.concat([Buffer.of(0x00, 0x53, 0x14), list(fields, false)]), Buffer.from('x')
      )
      assert.notEqual(readTransfer(frame()), undefined)
      fields[field] = Buffer.from(value)
      assert.equal(readTransfer(frame()), undefined, `0x${value[0].toString(16)}`)
    }
  })
}

test('random bytes never throw, and never read as something else than rhea reads', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), bytes => { readTransfer(Buffer.from(bytes)) }), { numRuns: scaled(3_000) })
  const beginning = fc.constantFrom('0053 14', '0053 14c0', '0053 14d0000000', '0053 14c00a05')
    .map(hex => Buffer.from(hex.replace(' ', ''), 'hex'))
  fc.assert(fc.property(beginning, fc.uint8Array({ maxLength: 40 }), (start, rest) => {
    assertAsRhea(frameOf(0, new Uint8Array(), Buffer.concat([start, rest]), new Uint8Array()))
  }), { numRuns: scaled(3_000) })
})

test('a frame of which bytes were changed, or the end is missing, never throws, and is what rhea reads or left to it', () => {
  let taken = 0
  const numRuns = scaled(5_000)
  const change = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 }))
  fc.assert(fc.property(said(), layout(), fc.array(change, { maxLength: 4 }), fc.option(fc.nat({ max: 80 }), { nil: undefined }),
    (what, how, changes, length) => {
      const whole = transferFrame(what, how)
      for (const [at, value] of changes) whole[at % whole.length] = value
      const frame = whole.subarray(0, length)
      readTransfer(frame)
      if (frame.length < 8) return
      // The frame reader guarantees that a frame has the size that it states.
      frame.writeUInt32BE(frame.length, 0)
      if (assertAsRhea(frame)) taken++
    }), { numRuns })
  assert.ok(taken > numRuns / 100, `${taken} taken`)
})

test('every beginning of a frame is left alone until the payload', () => {
  for (const how of [PLAIN, { ...PLAIN, wide: true }, { ...PLAIN, trimmed: false, uint: 'long' as const, flag: 'long' as const }]) {
    const head = transferFrame({ channel: 7, handle: 3, id: 300, more: true }, how)
    for (let length = 0; length < head.length; length++) assert.equal(readTransfer(head.subarray(0, length)), undefined, `${length} bytes`)
    assert.equal(readTransfer(head)?.payload.length, 0)
  }
})

test('a field that goes on behind the end of its list, or of the frame, is left to rhea', () => {
  for (const [code, width] of [[0x70, 4], [0x52, 1], [0x50, 1], [0x56, 1], [0xa0, 1], [0xa0, 5]]) {
    for (let field = 0; field < 11; field++) {
      for (let there = 0; there < width; there++) {
        // The tag claims more bytes than there are.
        const cut = Buffer.of(code, ...Array.from({ length: there }, () => width))
        const before = Array.from({ length: field }, (_, i) => i === 0 ? Buffer.of(0x43) : Buffer.of(0x40))
        for (const payload of [Buffer.alloc(0), Buffer.alloc(9, 0x40)]) {
          assert.equal(readTransfer(frameOf(
            0, new Uint8Array(), Buffer.concat([Buffer.of(0x00, 0x53, 0x14), list([...before, cut], field % 2 === 0)]), payload
          )), undefined)
        }
      }
    }
  }
})
