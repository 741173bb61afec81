import { buildFleet } from '../../../src/generator/fleet.ts'
import { RecordFiller } from '../../../src/generator/filler.ts'
import { encodeMessage } from '../../../src/generator/message.ts'
import { seededRandom } from '../../../src/generator/random.ts'
import { compileFrame, compileShape } from '../../../src/generator/shape.ts'
import { CLASSIC_SOURCES } from '../../../src/generator/sources.ts'
import { findDigits, type MessagePool } from './message-pool.ts'

const CLOUDS = 3
/** No machine has fewer sources. */
const LEAST_SOURCES = 10

export interface NewStreamsOptions { streams: number, recordsPerMessage: number, seed?: number }

/**
 * Makes a pool in which each record is of another source of another machine, and so of another stream. `streams` is a
 * multiple of the records of a message. The pool takes each message for a host's own.
 */
export function createNewStreams ({ streams, recordsPerMessage, seed = 1 }: NewStreamsOptions): MessagePool {
  const filler = new RecordFiller(seededRandom(seed))
  const shapes = CLASSIC_SOURCES.map(source => ({ roles: source.roles, shape: compileShape(source, source.lines[0]) }))
  const records: Buffer[] = []
  for (const host of buildFleet(Math.ceil(streams / LEAST_SOURCES), CLOUDS)) {
    const frame = compileFrame(host)
    for (const { roles, shape } of shapes) {
      if (!roles.includes(host.role) || records.length === streams) continue
      const record = Buffer.allocUnsafe(frame.head.length + shape.bytes.length + frame.tail.length)
      filler.write(record, 0, frame, shape, 0, 0)
      records.push(record)
    }
  }
  const messages = Array.from({ length: streams / recordsPerMessage }, (_, index) =>
    findDigits(encodeMessage(records.slice(index * recordsPerMessage, (index + 1) * recordsPerMessage))))
  return { hosts: messages.length, recordsPerMessage, messages }
}
