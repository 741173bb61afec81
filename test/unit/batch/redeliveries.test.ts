import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Batch, Opened } from '../../../src/batch/batch.ts'
import { Redeliveries } from '../../../src/batch/redeliveries.ts'

interface Link { gone: boolean }

const MINUTE = 60_000

function started (addresses = 1) {
  const clock = { now: 0 }
  const redeliveries = new Redeliveries(addresses, () => clock.now)
  /** Hands over a batch of these fingerprints, by connection. Returns when it was opened, and the marked messages. */
  const handOver = (...spans: Array<[Link, number[]]>): { opened: Opened, marked: number[] } => {
    const batch = {
      opened: { at: clock.now },
      spans: spans.map(([connection, { length }]) => ({ connection, first: 7, last: 6 + length, cost: 0 })),
      fingerprints: spans.flatMap(([, fingerprints]) => fingerprints),
      redelivered: [] as number[]
    }
    redeliveries.handOver(batch as unknown as Batch)
    return { opened: batch.opened, marked: batch.redelivered.map(message => batch.fingerprints[message]) }
  }
  const lose = (connection: Link): void => {
    connection.gone = true
    redeliveries.lose(connection)
  }
  return { redeliveries, clock, handOver, lose }
}

const link = (): Link => ({ gone: false })

test('what was not settled when its connection was lost is marked when it comes again, once', () => {
  const { handOver, lose } = started()
  const [first, second] = [link(), link()]
  assert.deepEqual(handOver([first, [1, 2]]).marked, [])
  assert.deepEqual(handOver([first, [1]]).marked, [], 'equal, and nothing was lost')
  lose(first)
  assert.deepEqual(handOver([second, [2, 3]]).marked, [2])
  assert.deepEqual(handOver([second, [1, 1, 1, 2]]).marked, [1, 1], 'it was lost twice')
})

test('what the source has marked stays marked, and each is marked once', () => {
  const { redeliveries, handOver, lose } = started()
  const [first, second] = [link(), link()]
  handOver([first, [1]])
  lose(first)
  const batch = { opened: {}, spans: [{ connection: second, first: 0, last: 1 }], fingerprints: [1, 2], redelivered: [0, 1] }
  redeliveries.handOver(batch as unknown as Batch)
  assert.deepEqual(batch.redelivered, [0, 1])
})

test('a connection that goes does not concern what came over another', () => {
  const { handOver, lose } = started()
  const [first, second, third] = [link(), link(), link()]
  handOver([first, [1]], [second, [2, 3]], [first, [4]])
  lose(first)
  assert.deepEqual(handOver([third, [1, 2, 3, 4]]).marked, [1, 4])
  lose(second)
  assert.deepEqual(handOver([third, [2, 3]]).marked, [2, 3])
})

test('what was stored after the connection was lost comes again as well', () => {
  const { redeliveries, handOver, lose } = started()
  const [first, second] = [link(), link()]
  const { opened } = handOver([first, [1]])
  lose(first)
  redeliveries.settle(opened)
  assert.deepEqual(handOver([second, [1]]).marked, [1])
})

test('a settlement that may have been lost with the connection counts as none: that of the last half minute, not an old one', () => {
  const { redeliveries, clock, handOver, lose } = started()
  const [first, second] = [link(), link()]
  const settled = (fingerprint: number): void => redeliveries.settle(handOver([first, [fingerprint]]).opened)
  settled(1)
  clock.now = 3 * MINUTE
  settled(2)
  clock.now += 29_000
  settled(3)
  clock.now += 2_000
  settled(4)
  lose(first)
  assert.deepEqual(handOver([second, [1, 2, 3, 4]]).marked, [2, 3, 4])
  clock.now += 5 * MINUTE
  lose(second)
  assert.deepEqual(handOver([link(), [2, 3, 4]]).marked, [2, 3, 4], 'handed over, and never settled')
})

test('after a long silence, no settlement counts as lost', () => {
  const { redeliveries, clock, handOver, lose } = started()
  const first = link()
  redeliveries.settle(handOver([first, [1]]).opened)
  clock.now = 2 * MINUTE
  lose(first)
  assert.deepEqual(handOver([link(), [1]]).marked, [])
})

test('addresses share what is remembered: of settled and of lost messages only the newest stay', () => {
  const { redeliveries, handOver, lose } = started(65_536 / 4)
  const first = link()
  for (let message = 0; message < 20; message++) redeliveries.settle(handOver([first, [message]]).opened)
  handOver([first, [20]])
  lose(first)
  assert.deepEqual(handOver([link(), Array.from({ length: 21 }, (_, message) => message)]).marked, [17, 18, 19, 20])
})

test('whatever happens, each message that is stored more than once is marked each time but the first', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ settle: fc.nat(), told: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant('lose' as const) }
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), steps => {
    const { redeliveries, handOver, lose } = started()
    // The sender has these in its queue until it is told of their settlement.
    let [queue, sent] = [Array.from({ length: 60 }, (_, message) => message), [] as number[]]
    let connection = link()
    const unsettled: Array<{ opened: Opened, messages: number[], over: Link }> = []
    const stored = new Set<number>()
    for (const one of steps) {
      if (one === 'lose') {
        lose(connection)
        connection = link();
        [queue, sent] = [[...sent, ...queue], []]
      } else if ('take' in one) {
        const messages = queue.splice(0, one.take)
        const { opened, marked } = handOver([connection, messages])
        assert.deepEqual(marked, messages.filter(message => stored.has(message)))
        for (const message of messages) stored.add(message)
        sent.push(...messages)
        unsettled.push({ opened, messages, over: connection })
      } else if (unsettled.length > 0) {
        const [{ opened, messages, over }] = unsettled.splice(one.settle % unsettled.length, 1)
        redeliveries.settle(opened)
        if (!over.gone && one.told) sent = sent.filter(message => !messages.includes(message))
      }
    }
  }))
})
