import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { LoadLink } from '../../../../../bench/harness/load/load-link.ts'
import { createPool, recordsOf } from '../../../../../bench/harness/load/message-pool.ts'
import { type Frame, readFrames } from '../../../../helpers/amqp-frames.ts'
import { until } from '../../../../helpers/until.ts'

const HOSTS = 3
const RECORDS = 4
const pool = createPool({ recordsPerMessage: RECORDS, hosts: HOSTS })
const ACCEPTED = { descriptor: { value: 0x24 } }

/** Opens a link whose socket is a list, with a peer that has granted nothing yet. */
function open (maxFrameSize = 65_280): {
  link: LoadLink,
  frames: () => Frame[],
  flow: (
    frames: number, credit: number
  ) => void,
  settle: (first: number, last: number) => void
} {
  const written: Buffer[] = []
  const socket = { write: (bytes: Buffer, done: () => void) => { written.push(Buffer.from(bytes)); setImmediate(done) } }
  const link = new LoadLink(pool, { channel: 0, handle: 0, maxFrameSize }, socket as unknown as Socket)
  link.outgoing.on_begin({ incoming_window: 0 })
  return {
    link,
    frames: () => readFrames(Buffer.concat(written)),
    // The peer grants more than has come, as a receiver does that has got everything.
    flow: (frames, credit) => link.outgoing.on_flow({
      next_incoming_id: link.outgoing.next_transfer_id,
      incoming_window: frames,
      handle: 0,
      delivery_count: link.outgoing.messages,
      link_credit: credit
    }),
    settle: (first, last) => link.outgoing.on_disposition({ first, last, settled: true, state: ACCEPTED })
  }
}

/** Joins frames to whole messages. Every frame but a message's last must announce more. */
function messages (frames: readonly Frame[]): Buffer[] {
  const whole: Buffer[] = []
  let pieces: Buffer[] = []
  for (const { fields: [, id, , , , more], payload } of frames) {
    assert.equal(id, whole.length)
    pieces.push(payload)
    if (more === true) continue
    whole.push(Buffer.concat(pieces))
    pieces = []
  }
  return whole
}

/** Resolves when nothing more is written without a call. */
async function quiet (frames: () => Frame[]): Promise<void> {
  for (let before = -1, turns = 0; turns < 5; turns++) {
    const now = frames().length
    if (now !== before) turns = 0
    before = now
    await new Promise(resolve => { setImmediate(resolve) })
  }
}

test('every record sent is another one: numbers count up, times rise on each host, all else is the pool\'s', async () => {
  const { link, frames, flow } = open(700)
  link.start({})
  flow(100_000, 1500)
  await until('all are sent', () => link.outgoing.messages === 1500)
  await quiet(frames)
  const sent = messages(frames())
  assert.equal(sent.length, 1500)
  const newest = new Map<string, string>()
  let number = 0
  for (const [index, message] of sent.entries()) {
    const blank = (bytes: Buffer): string => bytes.toString('utf8').replace(/"@timestamp":"[^"]*"|seq=\d{10}"/g, '')
    assert.equal(blank(message), blank(pool.messages[index % pool.messages.length].bytes))
    for (const { start, end } of recordsOf(message)) {
      const record = JSON.parse(message.toString('utf8', start, end)) as { '@timestamp': string, host: string, message: string }
      assert.equal(record.message.slice(-15), ` seq=${`${number++}`.padStart(10, '0')}`)
      assert.ok(record['@timestamp'] > (newest.get(record.host) ?? ''), `${record.host}: ${record['@timestamp']} behind ${newest.get(record.host)}`)
      assert.ok(Math.abs(Date.parse(record['@timestamp']) - Date.now()) < 60_000)
      newest.set(record.host, record['@timestamp'])
    }
  }
  assert.equal(newest.size, HOSTS)
})

test('credit and window are honoured, whatever comes first, also in the middle of a message', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 4 })), { maxLength: 8 }), async grants => {
    const { link, frames, flow } = open(700)
    link.start({})
    for (const [window, credit] of grants) {
      const before = link.outgoing.messages
      const written = link.outgoing.next_transfer_id
      flow(window, credit)
      await quiet(frames)
      assert.ok(link.outgoing.messages - before <= credit, 'no more messages than there is credit for')
      assert.ok(link.outgoing.next_transfer_id - written <= window, 'no more frames than the window holds')
      assert.ok(link.outgoing.next_transfer_id - written === window || link.outgoing.credit === 0, 'and no fewer than may go')
      assert.equal(frames().length, link.outgoing.next_transfer_id)
    }
    // The begun message can be finished, and all messages are whole.
    flow(1000, 1)
    await quiet(frames)
    assert.equal(messages(frames()).length, link.outgoing.messages)
  }), { numRuns: 40 })
})

test('what is settled is counted and timed; stop waits for the rest', async () => {
  const { link, frames, flow, settle } = open()
  link.start({})
  link.times.take()
  flow(100, 10)
  await until('all are sent', () => link.outgoing.messages === 10)
  settle(0, 3)
  settle(7, 7)
  assert.deepEqual(link.counts(), { sent: 10 * RECORDS, settled: 5 * RECORDS, messages: 5, behind: 0 })
  assert.equal(link.times.take().count, 5)
  let stopped = false
  const stop = link.stop().then(() => { stopped = true })
  flow(100, 10)
  settle(4, 6)
  await quiet(frames)
  assert.equal(stopped, false)
  assert.equal(link.outgoing.messages, 10, 'nothing new is sent')
  settle(8, 9)
  await stop
  assert.equal(link.times.take().count, 5)
})

test('after a stop it starts again, at another pace, and its numbers go on', async () => {
  const { link, frames, flow, settle } = open()
  flow(1000, 1000)
  link.start({ senders: 4 })
  await quiet(frames)
  const stop = link.stop()
  settle(0, 3)
  await stop
  link.times.take()
  link.lags.take()
  link.start({ senders: 1, rate: 40_000 })
  await until('its host has sent one, and has more to send', () => link.outgoing.messages > 4 && link.counts().behind > 0)
  assert.equal(link.outgoing.messages, 5)
  settle(4, 4)
  await until('the next goes', () => link.outgoing.messages === 6)
  assert.deepEqual([link.times.take().count, link.lags.take().count], [1, 1])
  assert.match(messages(frames())[5].toString('latin1'), / seq=0000000020"/)
})

test('a settlement that cannot be, or is not an acceptance, is an error', async () => {
  const { link, flow, settle } = open()
  link.start({})
  flow(100, 2)
  await until('both are sent', () => link.outgoing.messages === 2)
  settle(0, 0)
  assert.throws(() => settle(0, 0), /delivery 0, which is not on its way/)
  assert.throws(() => settle(2, 2), /delivery 2, which is not on its way/)
  for (const wrong of [{ settled: true, state: { descriptor: { value: 0x26 } } }, { settled: false, state: ACCEPTED }, { settled: true }]) {
    assert.throws(() => link.outgoing.on_disposition({ first: 1, last: 1, ...wrong }), /only accepted will do/)
  }
})

test('waiting senders have one message each on its way', async () => {
  const { link, frames, flow, settle } = open()
  link.start({ senders: 4 })
  flow(1000, 1000)
  await quiet(frames)
  assert.equal(link.outgoing.messages, 4)
  settle(1, 2)
  await quiet(frames)
  assert.equal(link.outgoing.messages, 6)
})
