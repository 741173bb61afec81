import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { type Replayed, ReplaySource } from '../../../../src/source/replay/replay-source.ts'
import type { Delivery } from '../../../../src/source/source.ts'
import { until } from '../../../helpers/until.ts'

const text = (address: string, message: string): Replayed => ({ address, message: Buffer.from(message) })

function sourceOf (pages: AsyncIterable<Replayed[]>, room = 1_000) {
  const budget = new Budget('a', room)
  const deliveries: Delivery[] = []
  const settled: string[] = []
  const failures: Error[] = []
  const source = new ReplaySource<Replayed>({
    addresses: [{ address: 'a', labels: [], tenant: undefined, format: 'amqp' }],
    budgetOf: () => budget,
    pages,
    onSettled: messages => { settled.push(...messages.map(({ message }) => Buffer.from(message).toString())) }
  })
  budget.onRoom = () => { source.grant() }
  source.start({ onDelivery: delivery => { deliveries.push(delivery) }, onFatal: error => { failures.push(error) }, onGone: () => {} })
  const settle = (first: number, last: number): void => {
    for (let id = first; id <= last; id++) budget.release(deliveries[id]?.cost ?? 0)
    source.settle({ gone: false }, [[first, last]])
    source.grant()
  }
  return { source, deliveries, settled, failures, settle }
}

async function * pagesOf (...pages: Replayed[][]): AsyncGenerator<Replayed[]> {
  for (const page of pages) yield await Promise.resolve(page)
}

test('all messages are delivered in order, and it is done when the last is settled', async () => {
  const { source, deliveries, settled, settle } = sourceOf(pagesOf([text('a', 'one'), text('a', 'two')], [], [text('a', 'three')]))
  await until('all are delivered', () => deliveries.length === 3)
  assert.deepEqual(deliveries.map(({ id, address }) => [id, address]), [[0, 'a'], [1, 'a'], [2, 'a']])
  assert.equal(Buffer.from(source.messageOf(2).message).toString(), 'three')
  settle(2, 2)
  settle(0, 1)
  await source.done
  assert.deepEqual(settled, ['three', 'one', 'two'])
})

test('a list without messages is done at once', async () => {
  await sourceOf(pagesOf([])).source.done
})

test('no more is delivered than the budget has room for, but a large message alone', async () => {
  const messages = [6, 6, 99].map(bytes => text('a', 'x'.repeat(bytes)))
  const { source, deliveries, settle } = sourceOf(pagesOf(messages), 10)
  await until('the first is delivered', () => deliveries.length === 1)
  settle(0, 0)
  await until('the second is delivered', () => deliveries.length === 2)
  settle(1, 1)
  await until('the large one is delivered', () => deliveries.length === 3)
  settle(2, 2)
  await source.done
})

test('a stop delivers no more, also where it waits for room', async () => {
  const { source, deliveries, settled, settle } = sourceOf(pagesOf([text('a', 'x'.repeat(6)), text('a', 'y'.repeat(6))]), 10)
  await until('the first is delivered', () => deliveries.length === 1)
  await source.stop()
  assert.equal(deliveries.length, 1)
  settle(0, 0)
  await source.done
  assert.equal(settled.length, 1)
})

test('a list that fails is fatal', async () => {
  const { failures } = sourceOf((async function * () {
    yield await Promise.resolve([])
    throw new Error('no answer')
  })())
  await until('it is told', () => failures.length > 0)
  assert.equal(failures[0]?.message, 'no answer')
})
