import assert from 'node:assert/strict'
import { LokeanError } from '../../../src/errors.ts'
import { FrameReader } from '../../../src/source/amqp/frames.ts'
import { frames as rhea } from '../../../src/source/amqp/rhea.ts'
import { readTransfer } from '../../../src/source/amqp/transfer.ts'
import {
  AMQP_HEADER, attach, begin, disposition, emptyElements, flow, list, mechanisms, nested, NULL, open, outcome, SASL_HEADER, symbol, text,
  transfer, TRUE, uint
} from '../../helpers/hostile-frames.ts'
import { type Target, words } from '../target.ts'

const MOST = 64 * 1024

/** Reads a stream in chunks. Their sizes take turns. */
function read (stream: Buffer, sizes: readonly number[]): { frames: string[], error: string | undefined } {
  const frames: string[] = []
  const reader = new FrameReader(frame => { frames.push(frame.toString('latin1')) })
  try {
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const length = Math.min(stream.length - at, sizes[turn % sizes.length], reader.room.length)
      assert.ok(length > 0, 'there is room for a read')
      stream.copy(reader.room, 0, at, at + length)
      reader.read(length)
      at += length
    }
    return { frames, error: undefined }
  } catch (error) {
    if (!(error instanceof LokeanError)) throw error
    return { frames, error: error.message }
  }
}

/**
 * The bytes of a bus, cut anywhere: the frames do not depend on the cuts, and rhea and our reader each read or refuse
 * them.
 */
export const frames: Target = {
  name: 'frames',
  words: [AMQP_HEADER, SASL_HEADER, emptyElements(0xffffffff), emptyElements(3, 0x70), nested(3), list([NULL, TRUE]), ...words(
    Buffer.of(0, 0, 0, 8, 2, 0, 0, 0), Buffer.of(0xd1), Buffer.of(0xf0), Buffer.of(0, 0x53, 0x14), Buffer.of(0xff, 0xff, 0xff, 0xff)
  )],
  seeds: () => [
    Buffer.concat([
      SASL_HEADER, mechanisms(), outcome(), AMQP_HEADER, open(), begin(), attach(text('l')), flow(uint(0), uint(5), TRUE), disposition(0, 5)
    ]),
    Buffer.concat([AMQP_HEADER, transfer({ id: 1, more: true, payload: Buffer.from('payload') }), transfer({ id: 1 })]),
    open({ properties: list([symbol('a'), emptyElements(9)], { code: 0xd1 }) })
  ],
  run (input) {
    if (input.length > MOST) return []
    const stream = input[0] === 0x41 ? input : Buffer.concat([AMQP_HEADER, input])
    const whole = read(stream, [MOST])
    // A stream that does not begin as AMQP is passed on in any chunks.
    if (stream.toString('latin1', 0, 4) === 'AMQP') {
      assert.deepEqual(read(stream, [8, 1 + input.length % 7, 3]), whole, 'the cuts make a difference')
    }
    return [whole.error === undefined ? 'whole' : 'refused', ...whole.frames.map(frame => look(Buffer.from(frame, 'latin1')))]
  }
}

function look (frame: Buffer): string {
  const transfer = readTransfer(frame)
  if (transfer !== undefined) {
    assert.ok(transfer.channel <= 0xffff && transfer.handle <= 0xffffffff && transfer.payload.length < frame.length)
    return `transfer ${transfer.more} ${transfer.aborted}`
  }
  if (frame.toString('latin1', 0, 4) === 'AMQP') return 'header'
  try {
    const { performative } = rhea.read_frame(frame) as { performative?: object }
    return performative === undefined ? 'empty' : performative.constructor.name
  } catch (error) {
    // An error of any class ends the connection. rhea must not run for ever, or take all memory.
    return (error as Error).message.replace(/\d+/g, 'n').slice(0, 40)
  }
}
