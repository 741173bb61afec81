import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createGenerator } from '../../../src/generator/generator.ts'
import { oneByOne } from '../../../src/generator/record-form.ts'
import { RelpReader, relpFrame, type RelpFrame } from '../../../src/generator/relp-frames.ts'
import { startSenders } from '../../../src/generator/sender.ts'
import { Cleanup } from '../../helpers/cleanup.ts'
import { accept, type OnFrame, type RelpPeer, RelpServer } from '../../helpers/relp-server.ts'
import { until } from '../../helpers/until.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const numberOf = (record: string) => Number(/ seq=(\d{10})/.exec(record)![1])
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b)
const generator = () => oneByOne(createGenerator({ hosts: 10, seed: 1, recordsPerMessage: 1 }), 'json')
const settings = (server: RelpServer) => ({ url: `relp://127.0.0.1:${server.port}`, addresses: [], generator: generator(), timer: soon })

/** Ends each wait in the next turn, because waits are no part of these tests. Drain, close and timeout keep theirs. */
function soon (ms: number, callback: () => void): () => void {
  const timeout = setTimeout(callback, ms >= 2_000 ? ms : 1)
  return () => clearTimeout(timeout)
}

async function serve (t: TestContext, onFrame?: OnFrame): Promise<RelpServer> {
  return await RelpServer.start(Cleanup.of(t), onFrame)
}

test('each record is a frame, numbered from 2; each host keeps to its connection; close comes last', async t => {
  const server = await serve(t)
  const result = await startSenders({ ...settings(server), records: 300, connections: 3 })
  assert.deepEqual({ ...result, seconds: 0 }, {
    sent: 300, accepted: 300, rejected: 0, written: 0, released: 0, modified: 0, resent: 0, unsettled: 0, seconds: 0
  })
  assert.equal(server.peers.length, 3)
  const hosts = server.peers.map(({ frames }) => {
    assert.deepEqual(frames.map(({ number }) => number), upTo(frames.length).map(i => i + 1))
    assert.deepEqual([frames[0].command, frames.at(-1)!.command], ['open', 'close'])
    assert.match(frames[0].data, /^relp_version=0\nrelp_software=lokean,[^\n]+\ncommands=syslog$/)
    return new Set(frames.slice(1, -1).map(({ data }) => (JSON.parse(data) as { host: string }).host))
  })
  // A connection that is late may find all records sent.
  const all = hosts.flatMap(names => [...names])
  assert.equal(new Set(all).size, all.length, 'no host is on two connections')
  assert.deepEqual(sorted(server.records.map(numberOf)), upTo(300))
})

test('the records are those of the bus, byte for byte', async t => {
  const server = await serve(t)
  const same = () => createGenerator({ hosts: 4, seed: 3, recordsPerMessage: 1, now: () => 1e12 })
  await startSenders({ ...settings(server), generator: oneByOne(same(), 'json'), records: 50 })
  const bus = same()
  for (const record of server.records) {
    assert.ok(bus.next(1).message.toString().endsWith(record))
    assert.ok(record.endsWith('"}\n'))
  }
})

test('no more records wait for an answer than the window has', async t => {
  let waiting = 0
  let most = 0
  const server = await serve(t, (frame, peer) => {
    if (frame.command !== 'syslog') return accept(frame, peer)
    most = Math.max(most, ++waiting)
    setImmediate(() => {
      waiting--
      accept(frame, peer)
    })
  })
  await startSenders({ ...settings(server), records: 500, window: 7 })
  assert.equal(most, 7)
})

test('answers may come in any order; what gets another answer than 200 is rejected', async t => {
  const held: Array<() => void> = []
  const server = await serve(t, (frame, peer) => {
    if (frame.command !== 'syslog') return accept(frame, peer)
    held.unshift(() => peer.answer(frame.number, frame.number % 10 === 0 ? '500 no' : '200 OK'))
    if (held.length === 20) for (const answer of held.splice(0)) answer()
  })
  const result = await startSenders({ ...settings(server), records: 100, window: 20 })
  assert.deepEqual([result.accepted, result.rejected, result.resent], [90, 10, 0])
})

const endings: Array<[string, (peer: RelpPeer) => void]> = [
  ['serverclose', peer => { peer.socket.end('0 serverclose 0\n') }],
  ['an end', peer => { peer.socket.end() }],
  ['a reset', peer => { peer.socket.resetAndDestroy() }],
  ['an answer to nothing', peer => { peer.answer(77_777) }],
  ['what is not RELP', peer => { peer.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') }]
]
for (const [name, end] of endings) {
  test(`what is unanswered at ${name} is sent again, in order, from number 2`, async t => {
    const server = await serve(t, (frame, peer) => {
      const first = peer === server.peers[0]
      if (!first || frame.command !== 'syslog' || (frame.number % 2 === 0 && frame.number < 20)) accept(frame, peer)
      if (first && frame.number === 21) end(peer)
    })
    const retries: string[] = []
    const result = await startSenders({ ...settings(server), records: 200, window: 30, onRetry: error => retries.push(error.message) })
    assert.equal(result.accepted, 200)
    assert.ok(result.resent >= 10 && retries.length >= 1)
    assert.deepEqual([...new Set(sorted(server.records.map(numberOf)))], upTo(200))
    const [first, second] = server.peers.map(({ frames }) => frames.filter(({ command }) => command === 'syslog'))
    assert.equal(second[0].number, 2)
    // A reset may take answers with it, so that more than these come again.
    const unanswered = first.filter(({ number }) => number % 2 === 1 || number >= 20).map(({ data }) => data)
    const again = second.map(({ data }) => data).filter(data => unanswered.includes(data))
    assert.deepEqual(again, unanswered)
    assert.ok(second.slice(0, 30).some(({ data }) => data === unanswered.at(-1)), 'and before what is new')
  })
}

test('a full window without an answer for long is given up; while one answer comes now and then it is not', async t => {
  const timers = new Map<number, () => void>()
  let fire: (() => void) | undefined
  const server = await serve(t, (frame, peer) => {
    if (peer !== server.peers[0] || frame.command !== 'syslog') accept(frame, peer)
  })
  const sending = startSenders({
    ...settings(server),
    records: 40,
    window: 10,
    timer: (ms, callback) => {
      if (ms !== 90_000) return soon(ms, callback)
      fire = callback
      timers.set(timers.size, callback)
      return () => { fire = undefined }
    }
  })
  await until('the window is full', () => fire !== undefined)
  server.peers[0].answer(2)
  await until('the answer has started the clock anew', () => timers.size === 2 && fire !== undefined)
  fire!()
  const result = await sending
  assert.deepEqual([result.accepted, result.resent], [40, 10])
})

test('a server that refuses the session, or is not there yet, is tried again', async t => {
  let refused = 0
  const server = await serve(t, (frame, peer) => {
    if (frame.command === 'open' && refused++ < 3) return peer.answer(1, '500 not yet')
    accept(frame, peer)
  })
  const delays: number[] = []
  const result = await startSenders({
    ...settings(server),
    records: 5,
    onRetry: (error, delay) => {
      assert.equal(error.message, 'the server refused the session: 500 not yet')
      delays.push(delay)
    }
  })
  assert.equal(result.accepted, 5)
  assert.deepEqual(delays, [50, 100, 200])
})

test('aborted, it waits for what is on its way, and no longer than it may', async t => {
  const server = await serve(t, (frame, peer) => { if (frame.command === 'open') accept(frame, peer) })
  const stop = new AbortController()
  const sending = startSenders({ ...settings(server), window: 2, signal: stop.signal, drainTimeout: 1 })
  await until('the window is sent', () => server.records.length === 2)
  stop.abort()
  const { sent, accepted, unsettled } = await sending
  assert.deepEqual({ sent, accepted, unsettled }, { sent: 2, accepted: 0, unsettled: 2 })
})

test('over TLS; a certificate that is not trusted ends nothing', async t => {
  const server = await RelpServer.start(Cleanup.of(t), accept, { tls: { cert: CERTIFICATE, key: KEY } })
  const options = { ...settings(server), url: `relps://127.0.0.1:${server.port}`, records: 20 }
  assert.equal((await startSenders({ ...options, tls: { ca: CERTIFICATE } })).accepted, 20)
  const stop = new AbortController()
  const result = await startSenders({
    ...options,
    generator: generator(),
    signal: stop.signal,
    drainTimeout: 1,
    onRetry: error => {
      assert.match(error.message, /self.signed/)
      stop.abort()
    }
  })
  assert.deepEqual([result.sent, result.accepted], [0, 0])
})

test('a frame is read wherever it is cut, and what no server sends is refused', () => {
  const frames: RelpFrame[] = [
    { number: 1, command: 'rsp', data: '200 OK\nrelp_version=0\ncommands=syslog' }, { number: 999_999_999, command: 'rsp', data: '200 OK' },
    { number: 0, command: 'serverclose', data: '' }
  ]
  const bytes = Buffer.concat(frames.map(({ number, command, data }) => relpFrame(number, command, data)))
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new RelpReader()
    const read: RelpFrame[] = []
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) reader.read(piece, frame => read.push(frame))
    assert.deepEqual(read, frames)
  }
  const never = ['x rsp 6 200 OK\n', '1 rsp 6 200 OKAY\n', '1'.repeat(60), '1 rsp 999999999 ', '1234567890 rsp 0\n', '1 rsp  \n']
  for (const text of never) {
    assert.throws(() => new RelpReader().read(Buffer.from(text), () => {}), /RELP|bytes of data|does not end/, text)
  }
})
