import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Held } from '../../../../src/source/relp/held.ts'
import { type Predecessor, Resends } from '../../../../src/source/relp/resends.ts'
import { Unanswered } from '../../../../src/source/relp/unanswered.ts'
import { EqualTimes } from '../../../../src/source/delivery/equal-times.ts'
import { collectGarbage } from '../../../../src/collect-garbage.ts'
import { turn } from '../../../helpers/until.ts'
import { Connection, frame, OPEN, Server } from './settled-by-hand.ts'

const MIB = 2 ** 20

test('a connection whose records all came again is closed, as it would bring the rest twice', () => {
  for (const how of ['behind', 'ended'] as const) {
    const server = new Server()
    const old = Connection.sending(server, ['a', 'b'])
    if (how === 'behind') old.behind = true
    else old.session.ended()
    const connection = Connection.sending(server, ['a', 'b'], 0)
    assert.equal(old.closed, true)
    old.feed(frame(4, 'c'))
    server.settleAll()
    assert.deepEqual([server.records, connection.answered, old.answered], [['a', 'b'], [2, 3], []])
    assert.equal(server.protocol.recognised, 2)
  }
})

test('a connection that has nothing held back is not taken for dead', () => {
  const server = new Server()
  const old = Connection.sending(server, ['a'])
  const connection = Connection.sending(server, ['a'])
  server.settleAll()
  assert.deepEqual([server.records, old.answered, connection.answered], [['a', 'a'], [2], [2]])
})

test('what was read from the other connection since the comparison began is compared too', () => {
  const server = new Server()
  const old = Connection.sending(server, ['a', 'b'])
  old.behind = true
  const connection = Connection.sending(server, ['a'], 0)
  old.feed(frame(4, 'c'))
  server.settle()
  assert.deepEqual([old.answered, connection.answered], [[2, 3], [2]])
  connection.feed(frame(3, 'b') + frame(4, 'c') + frame(5, 'd'))
  server.settleAll()
  assert.deepEqual([server.records, connection.answered], [['a', 'b', 'c', 'd'], [2, 3, 4, 5]])
})

test('a stall that ends while a window comes again: all of it is recognised, though the other connection is over', () => {
  const server = new Server()
  const old = Connection.sending(server, ['a', 'b', 'c'])
  old.behind = true
  const connection = Connection.sending(server, ['a'], 0)
  server.settleAll()
  old.session.ended()
  old.session.lost()
  connection.feed(frame(3, 'b') + frame(4, 'c') + frame(5, 'd'))
  server.settleAll()
  assert.deepEqual([server.records, connection.answered], [['a', 'b', 'c', 'd'], [2, 3, 4, 5]])
})

test('two that repeat the same window: the first to have all of it is answered, the other one is new', () => {
  const server = new Server()
  Connection.sending(server, ['a', 'b', 'c']).session.lost()
  const slow = Connection.sending(server, ['a', 'b'], 0)
  const quick = Connection.sending(server, ['a', 'b', 'c'], 0)
  slow.feed(frame(4, 'c'))
  server.settleAll()
  assert.deepEqual([server.records, quick.answered, slow.answered], [['a', 'b', 'c', 'a', 'b', 'c'], [2, 3, 4], [2, 3, 4]])
})

test('a record that is cut is recognised as well', () => {
  const server = new Server()
  const long = 'x'.repeat(5000)
  Connection.sending(server, ['a', long, 'b']).session.lost()
  const connection = Connection.sending(server, ['a', long, 'b'], 0)
  assert.equal(server.protocol.recognised, 3)
  server.settleAll()
  assert.deepEqual([server.records.length, connection.answered, server.protocol.faults], [3, [2, 3, 4], 1])
})

test('a stop answers what has been repeated in part, and an end of the sender does not wait for it', () => {
  const server = new Server()
  Connection.sending(server, ['a', 'b']).session.lost()
  const [stopped, ended] = [Connection.sending(server, ['a'], 0), Connection.sending(server, ['a'], 0)]
  ended.session.ended()
  assert.deepEqual([ended.closed, stopped.closed], [true, false])
  const last = Connection.sending(server, ['a'], 0)
  last.session.stop()
  assert.equal(last.closed, false)
  server.settleAll()
  assert.deepEqual([last.answered, last.closed, server.records], [[2], true, ['a', 'b']])
})

test('a stall of days keeps no connection but the last one', async () => {
  const server = new Server()
  const texts = ['a', 'b', 'c']
  let old = Connection.sending(server, texts)
  const gone: Array<WeakRef<object>> = []
  for (let i = 0; i < 100; i++) {
    gone.push(new WeakRef(old.session))
    const half = Connection.sending(server, ['a', 'b'], 0)
    gone.push(new WeakRef(half.session))
    half.session.lost()
    if (i % 2 === 0) old.session.ended()
    old.session.lost()
    old = Connection.sending(server, texts, 0)
  }
  assert.equal(server.protocol.recognised, 300)
  await turn()
  collectGarbage()
  assert.ok(gone.filter(one => one.deref() !== undefined).length < 10)
  server.settleAll()
  assert.deepEqual([server.records, old.answered], [texts, [2, 3, 4]])
})

test('what is kept of a sender that has gone does not keep its socket', async () => {
  const server = new Server()
  const sockets = Array.from({ length: 20 }, (_, i) => {
    const connection = Connection.sending(server, [`${i}`])
    connection.session.lost()
    return new WeakRef(connection)
  })
  server.settleAll()
  await turn()
  collectGarbage()
  assert.ok(sockets.filter(one => one.deref() !== undefined).length < 3)
  for (let i = 0; i < 20; i++) Connection.sending(server, [`${i}`], 0)
  assert.equal(server.protocol.recognised, 20)
})

test('what is stored when its sender comes again is recognised for a minute', () => {
  for (const [after, stored] of [[60_000, ['a', 'b']], [60_001, ['a', 'b', 'a', 'b']]] as const) {
    const server = new Server()
    const old = Connection.sending(server, ['a'])
    old.feed(frame(3, 'b'))
    old.session.lost()
    server.settle()
    server.pass(50_000)
    server.settle()
    server.pass(after)
    const connection = Connection.sending(server, ['a', 'b'])
    server.settleAll()
    assert.deepEqual([server.records, connection.answered], [stored, [2, 3]])
  }
})

test('what comes again later is stored twice, and told to have been sent before', () => {
  const server = new Server()
  const old = Connection.sending(server, ['a', 'b'])
  old.session.lost()
  server.settleAll()
  server.pass(60_001)
  const connection = Connection.sending(server, ['a'])
  connection.feed(frame(3, 'b'))
  connection.feed(frame(4, 'c'))
  connection.feed(frame(5, 'a'))
  server.settleAll()
  assert.deepEqual([server.records, server.redelivered], [['a', 'b', 'a', 'b', 'c', 'a'], ['a', 'b']])
  assert.deepEqual([connection.answered, server.protocol.recognised], [[2, 3, 4, 5], 0])
})

test('of senders that have gone, the last ones are recognised, within a bound that counts the senders too', () => {
  const count = 5_000
  const server = new Server()
  for (let i = 0; i < count; i++) {
    Connection.sending(server, [`${i}`]).session.lost()
    server.settleAll()
  }
  for (let i = count - 1; i >= 0; i--) Connection.sending(server, [`${i}`])
  const { recognised } = server.protocol
  assert.ok(recognised > 1_000 && recognised <= 4 * MIB / 2048, `${recognised}`)
  assert.equal(server.records.length, 2 * count - recognised)
  assert.deepEqual(server.records.slice(count), Array.from({ length: count - recognised }, (_, i) => `${count - recognised - 1 - i}`))
})

test('a window of which a part is stored counts as well, and is forgotten as a whole', () => {
  const server = new Server()
  const text = 'x'.repeat(1000)
  const texts = Array.from({ length: 5_000 }, (_, i) => `${i} ${text}`)
  const old = new Connection(server)
  old.feed(OPEN)
  texts.forEach((one, i) => old.feed(frame(i + 2, one)))
  old.session.lost()
  for (let i = 0; i < texts.length - 1; i++) server.settle()
  const connection = Connection.sending(server, texts)
  server.settleAll()
  assert.equal(server.protocol.recognised, 0)
  assert.deepEqual([server.records.length, connection.answered.length], [10_000, 5_000])
})

test('no more is compared at once than twice what is held', () => {
  const counts = { unanswered: 0, cost: 0, faults: 0, recognised: 0 }
  const message = Buffer.alloc(MIB)
  const held = { message, start: 0, end: message.length, txnr: 2, stored: false, repeater: undefined } as unknown as Held
  const sender: Predecessor = { unanswered: new Unanswered(), mayBeDead: true, superseded: false, surrender: () => new EqualTimes() }
  sender.unanswered.add(held)
  const resends = new Resends(counts, () => 0)
  resends.add(sender)
  const begin = (): number => {
    let begun = 0
    while (begun < 100 && resends.beginningWith(message, 0, message.length).length > 0) begun++
    return begun
  }
  assert.equal(begin(), 3)
  counts.cost = 5 * MIB
  assert.equal(begin(), 10)
  counts.cost = 0
  assert.equal(begin(), 0)
  for (let i = 0; i < 10; i++) resends.release([{ sender, held: [held], cost: MIB + 192 }])
  assert.equal(begin(), 0)
  resends.release([{ sender, held: [held], cost: MIB + 192 }])
  assert.equal(begin(), 1)
})
