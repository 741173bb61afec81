import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { RelpProtocol } from '../../../src/source/relp/relp-protocol.ts'
import type { RelpSession } from '../../../src/source/relp/relp-session.ts'
import { HandFed, HandSettled } from '../../helpers/hand-fed.ts'
import { type Target, words } from '../target.ts'

const MAX_FRAME_BYTES = 512
/** The head of a frame is not longer. */
const MOST_HEAD_BYTES = 54
const OPEN = '1 open 30 relp_version=0\ncommands=syslog\n'

class Server extends HandSettled<RelpProtocol> {
  constructor () {
    super(new RelpProtocol({ maxFrameBytes: MAX_FRAME_BYTES }))
  }

  open (): HandFed<RelpSession> {
    return new HandFed(this, peer => this.protocol.open(peer))
  }
}

/** Feeds the stream in pieces. Their sizes take turns, and so do rooms. Returns how the protocol was broken. */
function feed (connection: HandFed, stream: Buffer, sizes: readonly number[], rooms: readonly number[]): string | undefined {
  for (let at = 0, turn = 0; at < stream.length; at += sizes[turn++ % sizes.length]) {
    const piece = stream.subarray(at, at + sizes[turn % sizes.length])
    const room = rooms[turn % rooms.length]
    for (const [bytes, within] of [[piece, room], ['', Infinity]] as const) {
      if (bytes === '' && connection.lacks === 'bytes') break
      const broken = connection.feed(bytes, within)
      assert.ok(connection.cost <= within, 'no delivery costs more than there is room for')
      if (broken !== undefined) return broken
    }
    assert.equal(connection.lacks, 'bytes')
    assert.ok(connection.carry.length <= MAX_FRAME_BYTES + MOST_HEAD_BYTES, 'no more than a frame is kept')
  }
  return undefined
}

/** All is settled: each record has its answer, and `close`, if it came, the last one. */
function checkAnswers ({ written }: HandFed, records: number, closes: boolean): void {
  const numbers = [...written.matchAll(/(\d+) rsp \d+ 200 OK\n/g)].map(([, txnr]) => txnr)
  const answered = numbers.slice(1, closes ? -1 : undefined)
  assert.equal(answered.length, records, 'what is stored is answered, and nothing else')
  assert.equal(new Set(answered).size, records, 'no record is answered twice')
  assert.equal(written.endsWith('0 serverclose 0\n'), closes)
}

/**
 * A sender's bytes, cut anywhere, with more room or less: what is found does not depend on that. No more is kept than a
 * frame. What is stored is answered, and nothing else. What comes again over another connection is stored once.
 */
export const relp: Target = {
  name: 'relp',
  words: words(
    OPEN, ' syslog ', ' close 0\n', ' open ', '2 syslog 1 a\n', '3 syslog 1 a\n', '3 syslog 0\n', '\n', ' ', '999999999', '0', 'commands='
  ),
  seeds: () => [
    ...['omrelp-json.bin', 'omrelp-rfc5424.bin'].map(name => readFileSync(`test/fixtures/relp/${name}`).subarray(0, 2048)),
    Buffer.from(`${OPEN}2 syslog 1 a\n3 syslog 1 a\n4 syslog 600 ${'x'.repeat(600)}\n5 syslog 0\n`),
    Buffer.from(`${OPEN}2 syslog 1 a\n2 syslog 1 a\n3 close 0\n`),
    Buffer.from(`999999998${OPEN.slice(1)}999999999 syslog 1 a\n1 syslog 1 b\n`)
  ],
  run (input) {
    const server = new Server()
    const first = server.open()
    const broken = feed(first, input, [1], [Infinity])
    const records = [...server.records]
    // Behind a close, nothing comes again.
    first.behind = true
    const closes = !first.session.mayBeDead

    const cuts = [7, 1 + input.length % 300, 64]
    const other = new Server()
    const cut = other.open()
    assert.equal(feed(cut, input, cuts, [300, 0, 2000]), broken, 'the cuts make a difference')
    assert.deepEqual(other.records, broken === undefined ? records : records.slice(0, other.records.length))
    other.settleAll()
    const opens = cut.written !== ''
    if (broken === undefined && opens) checkAnswers(cut, records.length, closes)

    first.session.lost()
    const again = server.open()
    feed(again, input, cuts, [0])
    assert.deepEqual(server.records, closes ? [...records, ...records] : records, 'what came again is stored once')
    server.settleAll()
    if (broken === undefined && opens) checkAnswers(again, records.length, closes)
    assert.equal(server.protocol.unanswered, 0)
    // What the sender has written is in the reason.
    return [broken?.replace(/\d+|^[a-z]+(?= in front)|(?<=command )[a-z]+/g, '') ?? 'whole', `${Math.min(9, records.length)} ${closes} ${opens} ${server.protocol.faults}`]
  }
}
