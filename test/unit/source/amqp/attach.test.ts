import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { EventContext } from 'rhea'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { mockPauses } from '../../../helpers/mock-timers.ts'
import { turn, until } from '../../../helpers/until.ts'
import { runningBus } from './running-bus.ts'

/** Keeps the attach frames for `address`; a call of each answers it. Also counts the ended sessions. */
function answeringLate (peer: AmqpPeer, address: string): { held: Array<() => void>, ended: () => number } {
  const held: Array<() => void> = []
  let ended = 0
  peer.container.on('session_open', ({ session }: EventContext) => {
    const answering = session as unknown as { on_attach (frame: { performative: { source: { value: unknown[] } } }): void }
    const answer = answering.on_attach.bind(session)
    answering.on_attach = frame => {
      if (JSON.stringify(frame.performative.source).includes(`"${address}"`)) held.push(() => answer(frame))
      else answer(frame)
    }
  })
  peer.container.on('session_close', () => { ended++ })
  return { held, ended: () => ended }
}

test('a link that is not attached within 10 s is given up and asked for again; an answer that comes too late is nobody\'s', async t => {
  mockPauses(t)
  const peer = await AmqpPeer.listen(t)
  const { held, ended } = answeringLate(peer, 'slow')
  const { client, deliveries, lines, counts } = runningBus(t, { ports: [peer.port], addresses: ['slow', 'fine'] })
  const closed = (): unknown[] => lines.filter(({ msg }) => msg.startsWith('the link is closed'))
    .map(({ address, reason, retryMs }) => [address, reason, retryMs])
  const gaveUp = (retryMs: number): unknown[] => ['slow', 'the bus did not attach the link within 10 s', retryMs]
  await until('the other is attached', () => held.length === 1 && client.attached('fine'))
  mock.timers.tick(9_999)
  assert.deepEqual(closed(), [])
  mock.timers.tick(1)
  assert.deepEqual(closed(), [gaveUp(50)])
  assert.match(client.status().detail, /^not attached: slow; the bus did not attach the link within 10 s$/)
  // The answer crosses the end of the session.
  held[0]()
  await until('the bus is told that the session has ended', () => ended() === 1)

  mock.timers.tick(50)
  await until('it is asked again', () => held.length === 2)
  assert.equal(client.attached('slow'), false)
  mock.timers.tick(10_000)
  assert.deepEqual(closed(), [gaveUp(50), gaveUp(100)])
  mock.timers.tick(100)
  await until('it is asked once more', () => held.length === 3)
  held[2]()
  await until('it is attached', () => client.status().ok)
  void peer.send('fine', Buffer.from('fine'))
  await until('the other flows', () => deliveries.length === 1)
  assert.deepEqual(lines.filter(({ msg }) => msg === 'receiving').map(({ address }) => address), ['fine', 'slow'])
  assert.deepEqual(counts, { connected: 1, disconnected: 0 })
})

test('a bus that wakes up after all finds one session and one link, over the same connection', async t => {
  mockPauses(t)
  const peer = await AmqpPeer.listen(t)
  let begun = 0
  peer.container.on('session_open', () => {
    if (begun++ === 0) for (const socket of peer.sockets) socket.cork()
  })
  const { client, deliveries, lines, counts } = runningBus(t, { ports: [peer.port] })
  await until('it has asked', () => peer.attached === 1)
  mock.timers.tick(10_000)
  assert.equal(lines.at(-1)?.reason, 'the bus did not attach the link within 10 s')
  let ended = 0
  peer.container.on('session_close', () => { ended++ })
  for (const socket of peer.sockets) socket.uncork()
  await until('the first session has ended', () => ended === 1)
  mock.timers.tick(50)
  await until('it is attached', () => client.status().ok)
  void peer.send('logs', Buffer.from('fine'))
  await until('it flows', () => deliveries.length === 1)
  assert.deepEqual([begun, ended, counts], [2, 1, { connected: 1, disconnected: 0 }])
})

test('a detach is answered before the session ends', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client } = runningBus(t, { ports: [peer.port] })
  const seen: string[] = []
  peer.container.on('sender_close', () => { seen.push('detach') })
  peer.container.on('session_close', () => { seen.push('end') })
  const sender = await peer.sender('logs')
  await until('it is attached', () => client.status().ok)
  sender.close({ condition: 'amqp:internal-error', description: 'bad day' })
  await until('it is attached again', () => peer.attached === 2)
  assert.deepEqual(seen, ['detach', 'end'])
})

test('a refused link never counts as attached', async t => {
  let known = false
  const peer = await AmqpPeer.listen(t, { refuse: () => known ? undefined : { condition: 'amqp:not-found', description: 'no logs' } })
  const { client, lines } = runningBus(t, { ports: [peer.port] })
  await until('it was refused twice', () => lines.filter(({ msg }) => msg.startsWith('the link is closed')).length === 2)
  assert.ok(!lines.some(({ msg }) => msg === 'receiving'))
  assert.match(client.status().detail, /^not attached: logs; amqp:not-found: no logs; .*LOKEAN_AMQP_ADDRESSES/)
  known = true
  await until('it is attached', () => client.status().ok)
})

test('a bus that falls silent is left after 20 s', async t => {
  mockPauses(t)
  const peer = await AmqpPeer.listen(t)
  const { client, lines } = runningBus(t, { ports: [peer.port] })
  await until('it is attached', () => client.status().ok)
  for (const socket of peer.sockets) socket.cork()
  mock.timers.tick(19_999)
  await turn()
  assert.equal(client.status().ok, true)
  // Then rhea closes the connection and waits a second for the answer.
  mock.timers.tick(1_001)
  await until('it is left', () => !client.status().ok)
  assert.equal(lines.at(-1)?.reason, 'nothing came from the bus for 20 s, not even a heartbeat')
  mock.timers.tick(50)
  await until('it is attached anew', () => peer.attached === 2)
})
