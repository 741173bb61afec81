import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CUT_BYTES } from '../../../src/source/delivery/cut.ts'
import { SyslogProtocol } from '../../../src/source/syslog/syslog-protocol.ts'
import { collectedLog } from '../../helpers/collected-log.ts'
import { HandFed, HandSettled } from '../../helpers/hand-fed.ts'
import { type Target, words } from '../target.ts'

const MAX_FRAME_BYTES = 512
/** A count, and what shows that a message stands behind it. */
const MOST_HEAD_BYTES = 32

const protocol = new SyslogProtocol({ address: 'syslog+tcp://h:1', maxFrameBytes: MAX_FRAME_BYTES, log: collectedLog().log })

/** What a connection brought whose bytes were cut so, with such rooms. */
function read (stream: Buffer, sizes: readonly number[], rooms: readonly number[]): { records: string[], faults: number, broken?: string } {
  const owner = new HandSettled(protocol)
  const before = protocol.faults
  const connection = new HandFed(owner, peer => protocol.open(peer))
  for (let at = 0, turn = 0; at <= stream.length; at += sizes[turn++ % sizes.length]) {
    const size = sizes[turn % sizes.length]
    const piece = stream.subarray(at, at + size)
    const last = at + size > stream.length
    const room = rooms[turn % rooms.length]
    for (const [bytes, within] of [[piece, room], ['', Infinity]] as const) {
      if (bytes === '' && connection.lacks === 'bytes') break
      const broken = connection.feed(bytes, within, last)
      assert.ok(connection.cost <= within, 'no delivery costs more than there is room for')
      if (broken !== undefined) return { records: owner.records, faults: protocol.faults - before, broken }
    }
    assert.equal(connection.lacks, 'bytes')
    assert.ok(connection.carry.length <= MAX_FRAME_BYTES + MOST_HEAD_BYTES, 'no more than a frame is kept')
  }
  connection.session.ended(connection.carry.length)
  assert.ok(connection.closed)
  return { records: owner.records, faults: protocol.faults - before }
}

/**
 * A sender's bytes, cut anywhere, with more room or less: the records do not depend on that. None is longer than
 * allowed, and no more is kept than a frame.
 */
export const syslog: Target = {
  name: 'syslog',
  words: words(
    '<13>', '<34>1 ', '\n', '\r\n', '20 <13>', '9 <13>hello', '400 ', '999999999 <13>', '1 2026-11-27T10:00:00Z ', 'Nov 27 10:00:00 ',
    '{"', '@cee:', Buffer.from([0x34, 0x20, 0x7a, 0x78, 0x9c]), Buffer.from([0]), Buffer.from([0, 0x3c]), 'é'
  ),
  seeds: () => ['logger-rfc3164.bin', 'omfwd-rfc5424-counted.bin', 'omfwd-traditional.bin', 'python-sysloghandler.bin']
    .map(name => readFileSync(`test/fixtures/syslog/${name}`).subarray(0, 2048))
    .concat(Buffer.from(`<13>${'x'.repeat(600)}\n700 <13>${'é'.repeat(348)}\n9 <13>hello`)),
  run (input) {
    // A NUL that stands last in what has come ends its message.
    const one = read(input, [1, 2, 3, 30], [Infinity])
    const other = read(input, [7, 1 + input.length % 300, 64], [200, 0, 1000])
    if (!input.includes(0)) assert.deepEqual(other, one, 'the cuts make a difference')
    for (const { records } of [one, other]) {
      for (const { length } of records) assert.ok(length > 0 && length <= MAX_FRAME_BYTES + CUT_BYTES, 'no record is too long')
    }
    return [one.broken ?? 'whole', `${Math.min(9, one.records.length)} ${Math.min(3, one.faults)}`]
  }
}
