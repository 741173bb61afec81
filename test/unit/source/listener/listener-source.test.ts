import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TURN_BYTES } from '../../../../src/source/listener/turns.ts'
import { LINE_COST, LineProtocol } from '../../../helpers/line-protocol.ts'
import { turn, until } from '../../../helpers/until.ts'
import { Listening } from './listening.ts'

test('what comes over a connection is delivered, and what is settled is answered in one write', async t => {
  const listening = await Listening.start(t, new LineProtocol())
  const client = await listening.connect()
  client.socket.write('one\ntw')
  await until('a line came', () => listening.received.length === 1)
  client.socket.write('o\nthree\nfour')
  await until('all lines came', () => listening.received.length === 3)
  assert.deepEqual(listening.received, ['one', 'two', 'three'])
  const chunks: number[] = []
  client.socket.on('data', chunk => chunks.push(chunk.length))
  listening.settle()
  await until('the answers came', () => client.answers === 'one.\ntwo.\nthree.\n')
  assert.equal(chunks.length, 1)
  assert.equal(listening.budget.used, 0)
})

test('a line that was cut at any byte is the same line', async t => {
  const listening = await Listening.start(t, new LineProtocol())
  const client = await listening.connect()
  for (const byte of 'first\nsecond\n') {
    client.socket.write(byte)
    await turn()
  }
  await until('both came', () => listening.received.length === 2)
  assert.deepEqual(listening.received, ['first', 'second'])
})

test('a connection that ends is told how many bytes were no line, and is closed', async t => {
  const protocol = new LineProtocol()
  const listening = await Listening.start(t, protocol)
  const client = await listening.connect()
  client.socket.end('one\nha')
  await until('it is closed', () => client.closed)
  assert.deepEqual(listening.received, ['one'])
  assert.deepEqual(protocol.sessions[0]?.calls, ['ended 2', 'lost'])
  assert.equal(listening.source.counters.connections, 0)
})

test('a connect and close says nothing, and leaves nothing', async t => {
  const listening = await Listening.start(t, new LineProtocol())
  const before = listening.lines.length
  const client = await listening.connect()
  client.socket.end()
  await until('it is closed', () => client.closed)
  await until('nobody is connected', () => listening.source.counters.connections === 0)
  assert.equal(listening.lines.length, before)
})

test('nothing is read that has no room; the listener goes on accepting, and reads on when there is room', async t => {
  const listening = await Listening.start(t, new LineProtocol(), { bytes: 384 * 1024 })
  const clients = await Promise.all(Array.from({ length: 4 }, async () => await listening.connect()))
  const line = `${'x'.repeat(999)}\n`
  for (const client of clients) client.socket.write(line.repeat(400))
  await until('the room is used', () => listening.budget.used > 150_000)
  for (let i = 0; i < 20; i++) await turn()
  const { received, budget } = listening
  assert.ok(budget.used <= budget.own, `${budget.used}`)
  assert.ok(received.length < 400, `${received.length} lines were taken`)
  const late = await listening.connect()
  late.socket.write('late\n')
  while (received.length < 1601) {
    const before = received.length
    assert.ok(budget.used <= budget.own, `${budget.used}`)
    listening.settle()
    await until('more came', () => received.length > before || received.length === 1601)
  }
  assert.ok(received.indexOf('late') < 1200, `the late one waited for ${received.indexOf('late')} lines of the others`)
})

test('a line that is larger than the room that is left is finished, however many have begun one', async t => {
  const listening = await Listening.start(t, new LineProtocol(), { bytes: 256 * 1024 })
  const clients = await Promise.all(Array.from({ length: 8 }, async () => await listening.connect()))
  const large = 'y'.repeat(60_000)
  for (const client of clients) client.socket.write(large.slice(0, 50_000))
  await until('halves have come', () => listening.budget.used > 100_000)
  for (const client of clients) client.socket.write(`${large.slice(50_000)}\n`)
  while (listening.received.length < 8) {
    assert.ok(listening.budget.used <= listening.budget.own, `${listening.budget.used}`)
    const before = listening.received.length
    listening.settle()
    await until('one is finished', () => listening.received.length > before)
  }
  assert.ok(listening.received.every(line => line === large))
  listening.settle()
  await until('all is given back', () => listening.budget.used === 0)
})

test('a connection that was held back is behind until all that came is read', async t => {
  const protocol = new LineProtocol()
  const listening = await Listening.start(t, protocol, { bytes: 256 * 1024 })
  const client = await listening.connect()
  client.socket.write(`${'x'.repeat(999)}\n`.repeat(300))
  await until('the room is used', () => protocol.sessions.some(({ peer }) => peer.behind))
  while (listening.received.length < 300) {
    const before = listening.received.length
    listening.settle()
    await until('more came', () => listening.received.length > before)
  }
  listening.settle()
  await until('all is read', () => protocol.sessions.every(({ peer }) => !peer.behind))
})

test('one that sends at full rate leaves room for the quiet', async t => {
  const listening = await Listening.start(t, new LineProtocol(), { bytes: 4 * 2 ** 20 })
  const [loud, ...quiet] = await Promise.all(Array.from({ length: 16 }, async () => await listening.connect()))
  for (const client of quiet) client.socket.write('q\n')
  await until('the quiet have sent', () => listening.received.length === 15)
  const sent = 'z'.repeat(1000 - LINE_COST)
  loud?.socket.write(`${sent}\n`.repeat(8000))
  await until('the loud has its share', () => listening.received.length > 200)
  for (let i = 0; i < 50; i++) await turn()
  assert.ok(listening.budget.used < 400_000, `${listening.budget.used}`)
  for (const client of quiet) client.socket.write('again\n')
  await until('the quiet are heard', () => listening.received.filter(line => line === 'again').length === 15)
})

test('what a loud one has in front of each line of the quiet is bounded by its share, as long as it sends', async t => {
  const QUIET = 15
  const COST = 1000
  const listening = await Listening.start(t, new LineProtocol(), { bytes: 4 * 2 ** 20 })
  const [loud, ...quiet] = await Promise.all(Array.from({ length: 1 + QUIET }, async () => await listening.connect()))
  for (const client of quiet) client.socket.write('q\n')
  await until('the quiet have sent', () => listening.received.length === QUIET)
  listening.settle()
  loud?.socket.write(`${'z'.repeat(COST - LINE_COST)}\n`.repeat(20_000))
  await until('the loud is heard', () => listening.budget.used > 200_000)
  for (let i = 0; i < 300; i++) await turn()
  const { received } = listening
  for (let round = 0; round < 10; round++) {
    const settled = received.length - listening.unsettled
    for (const [i, client] of quiet.entries()) client.socket.write(`${round} ${i}\n`)
    const come = (): number => received.filter(line => line.startsWith(`${round} `)).length
    while (come() < QUIET) {
      const before = received.length
      if (listening.unsettled > 0) listening.settle(50)
      await until('more came', () => received.length > before || listening.unsettled > 0)
    }
    // The share, and a turn of the loud one that was under way.
    const most = (256 * 1024 + TURN_BYTES) / COST + 50 + QUIET
    const last = received.findLastIndex(line => line.startsWith(`${round} `))
    assert.ok(last - settled < most, `${last - settled} lines of the loud in front of the quiet in round ${round}`)
  }
})

test('a broken protocol, and another one, are one clear line a kind', async t => {
  const listening = await Listening.start(t, new LineProtocol())
  for (const bytes of ['bad\n', 'bad\n', '\x16\x03\x01\x02\x00\x01']) {
    const client = await listening.connect()
    client.socket.write(bytes)
    await until('it is closed', () => client.ended)
    client.socket.destroy()
  }
  const warnings = listening.lines.filter(({ level }) => level === 'warn')
  assert.deepEqual(warnings.map(({ came }) => came), ['a bad line', 'TLS'])
  assert.equal(listening.source.counters.faults, 3)
})

test('further senders wait unread for a place, and are not refused', async t => {
  const listening = await Listening.start(t, new LineProtocol(), { maxConnections: 2 })
  const clients = await Promise.all(Array.from({ length: 4 }, async () => await listening.connect()))
  for (const [i, client] of clients.entries()) client.socket.write(`${i}\n`)
  await until('two are served', () => listening.received.length === 2 && listening.source.counters.waiting === 2)
  assert.deepEqual([...listening.received].sort(), ['0', '1'])
  listening.settle()
  clients[0]?.socket.end()
  clients[1]?.socket.end()
  await until('the others are served', () => listening.received.length === 4)
})

test('at a stop nothing more is taken, what is here can be settled, and whoever comes is not refused', async t => {
  const protocol = new LineProtocol()
  const listening = await Listening.start(t, protocol)
  const client = await listening.connect()
  client.socket.write('one\n')
  await until('it came', () => listening.received.length === 1)
  await listening.source.stop()
  listening.settle()
  await until('it is answered', () => client.answers === 'one.\n' && client.ended)
  assert.deepEqual(protocol.sessions[0]?.calls.at(0), 'stop')
  const late = await listening.connect()
  late.socket.write('late\n')
  for (let i = 0; i < 20; i++) await turn()
  assert.deepEqual(listening.received, ['one'])
})

test('where a protocol loses what is not read, a stop reads what has come', async t => {
  const listening = await Listening.start(t, new LineProtocol(true), { bytes: 256 * 1024 })
  const client = await listening.connect()
  const line = `${'x'.repeat(999)}\n`
  client.socket.write(line.repeat(500))
  await until('the room is used', () => listening.budget.used > 50_000)
  const stopped = listening.source.stop()
  const settling = setInterval(() => listening.settle(), 5)
  await stopped
  clearInterval(settling)
  assert.equal(listening.received.length, 500)
})
