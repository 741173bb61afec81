import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scaled } from '../../../helpers/scaled.ts'
import { Connection, frame, OPEN, Server } from './settled-by-hand.ts'

/** A sender like librelp: when its connection breaks, it sends all that is unanswered again, and then what is new. */
class Sender {
  readonly #server: Server
  readonly #texts: readonly string[]
  readonly #window: number
  #connection: Connection
  #next = 0
  #txnr = 0
  /** The unanswered records, by the numbers that they have over this connection. */
  #unanswered = new Map<number, string>()
  #outbox = ''
  #read = 0

  constructor (server: Server, texts: readonly string[], window: number) {
    this.#server = server
    this.#texts = texts
    this.#window = window
    this.#connection = this.#connect()
  }

  get done (): boolean {
    this.#readAnswers()
    return this.#next === this.#texts.length && this.#unanswered.size === 0
  }

  push (count: number): void {
    this.#readAnswers()
    for (let i = 0; i < count && this.#next < this.#texts.length && this.#unanswered.size < this.#window; i++) {
      this.#send(this.#texts[this.#next++] ?? '')
    }
  }

  flow (bytes: number, room?: number): void {
    this.#connection.feed(this.#outbox.slice(0, bytes), room)
    this.#outbox = this.#outbox.slice(bytes)
  }

  break (how: 'lost' | 'ended' | 'behind'): void {
    this.#readAnswers()
    if (how === 'behind') this.#connection.behind = true
    if (how === 'ended') this.#connection.session.ended()
    if (how === 'lost') this.#connection.session.lost()
    this.#connection = this.#connect()
    // What is stored before the records come again is answered over a connection that is dead, and not known to be so.
    if (how !== 'lost') this.flow(Infinity, 0)
  }

  #connect (): Connection {
    const again = [...this.#unanswered.values()]
    this.#unanswered = new Map()
    this.#outbox = OPEN
    this.#txnr = 2
    this.#read = 0
    for (const text of again) this.#send(text)
    return new Connection(this.#server)
  }

  #send (text: string): void {
    this.#unanswered.set(this.#txnr, text)
    this.#outbox += frame(this.#txnr++, text)
  }

  #readAnswers (): void {
    const { answered } = this.#connection
    while (this.#read < answered.length) assert.ok(this.#unanswered.delete(answered[this.#read++] ?? 0), 'only what waits is answered')
  }
}

const texts = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 60 })

test('a sender that loses its connections at any byte, among equal records: each is stored once, in order', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constant('flow' as const), bytes: fc.integer({ min: 1, max: 150 }), room: fc.constantFrom(0, Infinity) }),
    fc.record({ do: fc.constant('settle' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('break' as const), how: fc.constantFrom('lost' as const, 'ended' as const, 'behind' as const) })
  )
  const run = fc.record({ texts, window: fc.integer({ min: 1, max: 20 }), steps: fc.array(step, { maxLength: 80 }) })
  fc.assert(fc.property(run, ({ texts, window, steps }) => {
    const server = new Server()
    const sender = new Sender(server, texts, window)
    for (const step of steps) {
      if (step.do === 'push') sender.push(step.count)
      else if (step.do === 'flow') sender.flow(step.bytes, step.room)
      else if (step.do === 'settle') server.settle(step.which)
      else sender.break(step.how)
    }
    for (let i = 0; i <= texts.length && !sender.done; i++) {
      sender.push(Infinity)
      sender.flow(Infinity)
      server.settleAll()
    }
    assert.ok(sender.done, 'everything is answered')
    assert.deepEqual(server.records, texts)
    assert.equal(server.protocol.unanswered, 0)
  }), { numRuns: scaled(3000) })
})

test('what begins as another one\'s records by chance is taken as new, unless all of them came', () => {
  fc.assert(fc.property(texts, texts, fc.array(fc.nat()), (held, sent, cuts) => {
    const server = new Server()
    const dead = new Connection(server)
    dead.feed(OPEN + held.map((text, i) => frame(i + 2, text)).join(''))
    dead.session.lost()
    const connection = new Connection(server)
    const stream = `${OPEN}${sent.map((text, i) => frame(i + 2, text)).join('')}${sent.length + 2} close 0\n`
    const at = [0, ...cuts.map(cut => cut % stream.length).sort((a, b) => a - b), stream.length]
    for (let i = 1; i < at.length; i++) connection.feed(stream.slice(at[i - 1], at[i]))
    const repeats = held.every((text, i) => text === sent[i])
    assert.deepEqual(server.records, [...held, ...sent.slice(repeats ? held.length : 0)])
    assert.deepEqual(connection.answered, [])
    server.settleAll()
    assert.deepEqual([...connection.answered].sort((a, b) => a - b), Array.from({ length: sent.length + 1 }, (_, i) => i + 2))
  }), { numRuns: scaled(2000) })
})

test('a sender that waits for each answer is answered when the held record is stored', () => {
  const server = new Server()
  Connection.sending(server, ['a', 'b']).session.lost()
  const connection = Connection.sending(server, ['a'], 0)
  assert.deepEqual(connection.answered, [])
  server.settleAll()
  assert.deepEqual(connection.answered, [2])
  connection.feed(frame(3, 'b'), 0)
  assert.deepEqual([connection.answered, server.records], [[2, 3], ['a', 'b']])
})

test('what was answered while it came again is not waited for by the connection after that', () => {
  const server = new Server()
  const dead = Connection.sending(server, ['a'])
  dead.feed(frame(3, 'b') + frame(4, 'c'))
  dead.session.lost()
  const second = Connection.sending(server, ['a'], 0)
  server.settle()
  assert.deepEqual(second.answered, [2])
  second.session.lost()
  const third = Connection.sending(server, ['b', 'c'], 0)
  server.settleAll()
  assert.deepEqual([server.records, third.answered], [['a', 'b', 'c'], [2, 3]])
})

test('what was taken back waits for room, and so does a close behind it', () => {
  const server = new Server()
  Connection.sending(server, ['a', 'b', 'c']).session.lost()
  const connection = Connection.sending(server, ['a', 'b'], 0)
  connection.feed('4 close 0\n', 0)
  server.settleAll()
  assert.deepEqual([server.records, connection.answered], [['a', 'b', 'c'], []])
  connection.feed('')
  server.settleAll()
  assert.deepEqual([server.records, connection.answered, connection.closed], [['a', 'b', 'c', 'a', 'b'], [2, 3, 4], true])
})
