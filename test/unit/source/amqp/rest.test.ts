import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Rest } from '../../../../src/source/amqp/rest.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { turn, until } from '../../../helpers/until.ts'
import { runningBus } from './running-bus.ts'

/** A minute: no test waits for it. */
const LONG_MS = 60_000

/** Stands for a socket, of which only this is used. */
class HeldSocket {
  resting = false
  pause (): void { this.resting = true }
  resume (): void { this.resting = false }
}

function held (t: TestContext, addresses: string[]): { rest: Rest, held: HeldSocket, socket: Socket, clock: { now: number } } {
  const clock = { now: 1000 }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const held = new HeldSocket()
  return { rest: new Rest(addresses, () => clock.now), held, socket: held as unknown as Socket, clock }
}

test('a socket rests while nothing is needed of any of its addresses', t => {
  const { rest, held: { resting: before }, held: one, socket, clock } = held(t, ['a', 'b'])
  rest.quiet('a', 50, socket)
  assert.deepEqual([before, one.resting], [false, false], 'b may have something')
  rest.quiet('b', 30, socket)
  assert.equal(one.resting, true)
  t.mock.timers.tick(29)
  assert.equal(one.resting, true)
  clock.now += 30
  t.mock.timers.tick(1)
  assert.equal(one.resting, false)
  rest.quiet('a', 50, socket)
  assert.equal(one.resting, false, 'b may have something again')
})

test('a later word counts, and a rest ends at once where it is asked for', t => {
  const { rest, held: one, socket } = held(t, ['a'])
  rest.quiet('a', 50, socket)
  rest.quiet('a', 10, socket)
  t.mock.timers.tick(10)
  assert.equal(one.resting, false)
  rest.quiet('a', 3, socket)
  assert.equal(one.resting, false, 'not worth it')
  rest.quiet('a', 50, socket)
  rest.end()
  assert.equal(one.resting, false)
})

test('what comes over a socket that rests is not read, and is there when the source stops', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done } = runningBus(t, { ports: [peer.port] })
  const first = peer.send('logs', Buffer.from('first'))
  await until('the first is here', () => deliveries.length === 1)
  client.quiet('logs', LONG_MS)
  const second = peer.send('logs', Buffer.from('second'))
  // Settling needs no reading.
  done(deliveries[0])
  assert.equal(await first, 'accepted')
  for (let i = 0; i < 50; i++) await turn()
  assert.equal(deliveries.length, 1)
  client.stop()
  await until('the second is here', () => deliveries.length === 2)
  done(deliveries[1])
  assert.equal(await second, 'accepted')
})

test('a client closes while its socket rests, and one whose bus goes away connects again', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, counts } = runningBus(t, { ports: [peer.port] })
  void peer.send('logs', Buffer.from('first'))
  await until('the first is here', () => deliveries.length === 1)
  client.quiet('logs', 20)
  peer.drop()
  await until('it has connected again', () => counts.connected === 2 && client.attached('logs'))
  client.quiet('logs', LONG_MS)
  await client.close()
  assert.equal(client.status().ok, false)
})
