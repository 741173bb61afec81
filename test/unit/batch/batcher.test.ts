import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Batch } from '../../../src/batch/batch.ts'
import { Batcher } from '../../../src/batch/batcher.ts'
import { Buffers } from '../../../src/batch/buffers.ts'
import { WORD } from '../../../src/shared-memory.ts'
import type { Connection } from '../../../src/source/source.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { turn } from '../../helpers/until.ts'

const SIZE = 64
const CONNECTION = connection()

function connection (): { gone: boolean } {
  return { gone: false }
}

interface Work { batch: Batch, done: () => void }

/** A batcher whose batches the test finishes by hand. */
function started (workers: number, redelivered = true): { batcher: Batcher, work: Work[], dropped: number[], buffers: Buffers } {
  const work: Work[] = []
  const dropped: number[] = []
  const buffers = new Buffers(SIZE, 4)
  const batcher = new Batcher({
    workers,
    buffers,
    formatOf: () => 'amqp',
    isRedelivered: () => redelivered,
    onOpened: () => {},
    onDropped: (_batch, cost) => { dropped.push(cost) },
    encode: async batch => {
      const finished = new Deferred<void>()
      work.push({ batch, done: () => finished.resolve() })
      await finished.promise
    }
  })
  return { batcher, work, dropped, buffers }
}

/**
 * Adds a delivery that lies so many bytes behind a word's start. Then spoils its bytes, because they are valid only
 * during the call.
 */
function add (batcher: Batcher, id: number, content: Uint8Array | string, address = 'a', over = CONNECTION, offset = 0): void {
  const bytes = Buffer.from(content as string)
  const message = new Uint8Array(new ArrayBuffer(offset + bytes.length), offset)
  message.set(bytes)
  batcher.add({ address, connection: over, id, message, cost: bytes.length + 1 })
  message.fill(0xff)
}

function messages ({ view, starts, ends }: Batch): string[] {
  return ends.map((end, i) => Buffer.from(view.subarray(starts[i], end)).toString())
}

test('an idle worker gets what arrived in the same turn, as one batch', async () => {
  const { batcher, work } = started(2)
  add(batcher, 7, 'one')
  add(batcher, 8, 'two')
  add(batcher, 9, '')
  assert.equal(work.length, 0)
  assert.equal(batcher.waitingBytes, 16, 'each begins with a word')
  await turn()
  assert.equal(work.length, 1)
  const { batch } = work[0]
  assert.deepEqual(messages(batch), ['one', 'two', ''])
  assert.deepEqual({
    spans: batch.spans, messages: batch.messages, length: batch.length
  }, { spans: [{ connection: CONNECTION, first: 7, last: 9, cost: 9 }], messages: 3, length: 16 })
  assert.equal(batcher.waitingBytes, 0)
})

test('does not wait for more, nor for a timer', async () => {
  const { batcher, work } = started(1)
  add(batcher, 0, 'x')
  await Promise.resolve()
  assert.equal(work.length, 1)
})

test('while all workers are busy, deliveries gather up to a buffer', async () => {
  const { batcher, work } = started(1)
  add(batcher, 0, 'x')
  await turn()
  for (let id = 1; id <= 5; id++) add(batcher, id, 'm'.repeat(20))
  await turn()
  assert.equal(work.length, 1)
  assert.equal(batcher.waitingBytes, 108)
  for (let i = 0; i < 3; i++) {
    work[i].done()
    await turn()
  }
  assert.deepEqual(work.map(({ batch: { spans: [{ first, last }] } }) => [first, last]), [[0, 0], [1, 2], [3, 4], [5, 5]])
  assert.ok(work.every(({ batch }) => batch.room === SIZE))
})

test('a message larger than a buffer goes alone', async () => {
  const { batcher, work } = started(1)
  add(batcher, 0, 'x')
  add(batcher, 1, 'y'.repeat(SIZE) + 'z')
  add(batcher, 2, 'x'.repeat(9))
  for (let i = 0; i < 3; i++) {
    await turn()
    work[i].done()
  }
  assert.deepEqual(work.map(({ batch }) => batch.messages), [1, 1, 1])
  assert.ok(work[1].batch.bytes.byteLength > SIZE)
  assert.deepEqual(messages(work[1].batch), [`${'y'.repeat(SIZE)}z`])
})

test('a batch holds deliveries of many connections: neighbours of one are a span, a gap or another connection begins a new one', async () => {
  const { batcher, work } = started(1)
  const other = connection()
  for (const [id, over] of [
    [0xfffffffe, CONNECTION], [0xffffffff, CONNECTION], [0, CONNECTION], [7, other], [1, CONNECTION], [8, other], [10, other]
  ] as const) add(batcher, id, 'x', 'a', over)
  await turn()
  assert.deepEqual(work.map(({ batch: { spans } }) => spans.map(({ connection, first, last }) => [connection === other, first, last])), [
    [[false, 0xfffffffe, 0], [true, 7, 7], [false, 1, 1], [true, 8, 8], [true, 10, 10]]
  ])
})

test('a batch has the format of its address', async () => {
  const formats: string[] = []
  const batcher = new Batcher({
    workers: 1,
    buffers: new Buffers(SIZE, 4),
    formatOf: address => address === 'socket' ? 'records' : 'amqp',
    isRedelivered: () => true,
    onOpened: () => {},
    onDropped: () => {},
    encode: async ({ address, format }) => { formats.push(`${address}: ${format}`) }
  })
  add(batcher, 0, 'x', 'bus')
  add(batcher, 0, 'x', 'socket')
  await turn()
  assert.deepEqual(formats, ['bus: amqp', 'socket: records'])
})

test('messages that fill a buffer to the last byte lie in it, wherever they came from; one more does not', async () => {
  for (let offset = 0; offset < 16; offset++) {
    const { batcher, work } = started(1)
    add(batcher, 0, 'first')
    await turn()
    // A message may need up to a word less one byte in front of it. Room for that is kept.
    add(batcher, 1, 'm'.repeat(20), 'a', CONNECTION, offset)
    const rest = SIZE - WORD - (offset % WORD) - 20
    add(batcher, 2, 'n'.repeat(rest), 'a', CONNECTION, 15 - offset)
    add(batcher, 3, '', 'a', CONNECTION, offset)
    add(batcher, 4, 'o', 'a', CONNECTION, offset)
    for (let i = 0; i < work.length; i++) {
      work[i].done()
      await turn()
    }
    assert.deepEqual(work.flatMap(({ batch }) => messages(batch)), ['first', 'm'.repeat(20), 'n'.repeat(rest), '', 'o'])
    assert.deepEqual(messages(work[1].batch).slice(0, 2), ['m'.repeat(20), 'n'.repeat(rest)])
    assert.ok(work.every(({ batch }) => batch.length <= batch.room))
  }
})

test('addresses take turns', async () => {
  const { batcher, work } = started(1)
  add(batcher, 0, 'x', 'a')
  await turn()
  for (let id = 1; id <= 3; id++) add(batcher, id, 'm'.repeat(SIZE), 'a')
  for (let id = 0; id <= 1; id++) add(batcher, id, 'm'.repeat(SIZE), 'b')
  add(batcher, 0, 'm', 'c')
  for (let i = 0; i < 6; i++) {
    work[i].done()
    await turn()
  }
  assert.deepEqual(work.slice(1).map(({ batch }) => batch.address), ['a', 'b', 'c', 'a', 'b', 'a'])
})

test('an address whose batches get stuck does not starve another', async () => {
  const { batcher, work } = started(2)
  for (let id = 0; id < 5; id++) add(batcher, id, 'm'.repeat(SIZE), 'stuck')
  for (let id = 0; id < 5; id++) add(batcher, id, 'm'.repeat(SIZE), 'flowing')
  for (let done = 0; done < 5; done++) {
    await turn()
    const next = work.filter(({ batch }) => batch.address === 'flowing')[done]
    assert.ok(next !== undefined, `only ${done} of 5 were encoded`)
    next.done()
  }
})

test('a finished worker takes what waits before new arrivals can', async () => {
  const { batcher, work } = started(1)
  add(batcher, 0, 'x')
  await turn()
  add(batcher, 1, 'm'.repeat(SIZE))
  work[0].done()
  add(batcher, 2, 'late')
  await turn()
  assert.deepEqual(messages(work[1].batch), ['m'.repeat(SIZE)])
  assert.equal(work.length, 2)
  work[1].done()
  await turn()
  assert.deepEqual(messages(work[2].batch), ['late'])
})

test('every delivery comes out once, in order within its address, over its connection, byte for byte', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ address: fc.constantFrom('a', 'b', 'c'), content: fc.uint8Array({ maxLength: SIZE }), offset: fc.nat(15) })
    },
    { weight: 2, arbitrary: fc.record({ finish: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ reconnect: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 1, arbitrary: fc.constant('turn' as const) }
  )
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 120 }), async (workers, steps) => {
    const { batcher, work } = started(workers)
    const running = new Set<Work>()
    let seen = 0
    const look = async (): Promise<void> => {
      await turn()
      for (; seen < work.length; seen++) running.add(work[seen])
      assert.ok(running.size <= workers)
    }
    const finish = async (which: number): Promise<void> => {
      const one = [...running][which % running.size]
      running.delete(one)
      one.done()
      await look()
    }
    const connections: Record<string, Connection> = { a: connection(), b: connection(), c: connection() }
    const ids: Record<string, number> = { a: 0xfffffff0, b: 0, c: 5 }
    const expected: Record<string, Array<{ connection: Connection, id: number, content: string, offset: number }>> = { a: [], b: [], c: [] }
    for (const one of steps) {
      if (one === 'turn') await look()
      else if ('finish' in one) {
        if (running.size > 0) await finish(one.finish)
      } else if ('reconnect' in one) {
        connections[one.reconnect] = connection()
        ids[one.reconnect] = 0
      } else {
        const { address, content, offset } = one
        const id = ids[address]
        ids[address] = (id + 1) >>> 0
        expected[address].push({ connection: connections[address], id, content: Buffer.from(content).toString('hex'), offset })
        add(batcher, id, content, address, connections[address], offset)
      }
    }
    await look()
    while (running.size > 0) await finish(0)
    assert.equal(batcher.waitingBytes, 0)
    for (const address of ['a', 'b', 'c']) {
      const out = work.filter(({ batch }) => batch.address === address).flatMap(({ batch }) => deliveries(batch))
      assert.deepEqual(out.map(({ id, content }) => [id, content]), expected[address].map(({ id, content }) => [id, content]))
      assert.ok(out.every(({ connection, start }, i) => connection === expected[address][i].connection &&
        start % WORD === expected[address][i].offset % WORD))
    }
    for (const { batch } of work) {
      assert.equal(batch.messages, batch.ends.length)
      assert.equal(batch.ends.at(-1), batch.length)
      assert.ok(batch.length <= SIZE || batch.messages === 1)
      assert.ok(batch.starts.every((start, i) => start >= (batch.ends[i - 1] ?? 0) && start < (batch.ends[i - 1] ?? 0) + WORD &&
        batch.ends[i] >= start), 'one behind the other')
      assert.ok(batch.length <= batch.room && batch.room < batch.bytes.byteLength)
    }
  }), { numRuns: 60 })
})

function deliveries (batch: Batch): Array<{ connection: Connection, id: number, start: number, content: string }> {
  const ids = batch.spans.flatMap(({ connection, first, last }) => Array.from(
    { length: ((last - first) >>> 0) + 1 }, (_, i) => ({ connection, id: (first + i) >>> 0 })
  ))
  assert.equal(ids.length, batch.messages)
  return batch.ends.map((end, i) => ({
    ...ids[i],
    start: batch.starts[i],
    content: Buffer.from(batch.view.subarray(batch.starts[i], end)).toString('hex')
  }))
}

test('what lost its connection while it waited does not go to a worker, and its cost is told', async () => {
  const { batcher, work, dropped, buffers } = started(1)
  const [first, second] = [connection(), connection()]
  add(batcher, 0, 'busy')
  await turn()
  add(batcher, 1, 'a', 'a', first)
  add(batcher, 2, 'bb', 'a', first)
  add(batcher, 7, 'c', 'a', second)
  add(batcher, 3, 'dddd', 'a', first)
  add(batcher, 9, 'of another address', 'b', first)
  Object.assign(first, { gone: true })
  work[0].done()
  await turn()
  assert.deepEqual(messages(work[1].batch), ['c'])
  const { spans, messages: count, cost } = work[1].batch
  assert.deepEqual([spans, count, cost], [[{ connection: second, first: 7, last: 7, cost: 2 }], 1, 2])
  assert.deepEqual(dropped, [10])
  work[1].done()
  await turn()
  assert.deepEqual([work.length, dropped, batcher.waitingBytes], [2, [10, 19], 0], 'nothing is left of the batch of b')
  buffers.lease(1)
  buffers.lease(1)
  assert.equal(buffers.exhausted, false, 'its buffer has been released')
})

test('each message keeps its fingerprint, and the mark of its source, when others are dropped', async () => {
  const { batcher, work } = started(1)
  const [lost, kept] = [connection(), connection()]
  add(batcher, 0, 'busy')
  await turn()
  for (const [id, content] of ['lost', 'again one', 'x', 'again two'].entries()) {
    const message = Buffer.from(content)
    const over = content === 'lost' ? lost : kept
    batcher.add({ address: 'a', connection: over, id, message, cost: 1, fingerprint: message[0], redelivered: content.startsWith('again') })
  }
  lost.gone = true
  work[0].done()
  await turn()
  const { batch } = work[1]
  assert.deepEqual(batch.redelivered.map(message => messages(batch)[message]), ['again one', 'again two'])
  assert.deepEqual(batch.fingerprints, messages(batch).map(content => content.charCodeAt(0)))
})

test('what lost its connection goes to a worker all the same, where it does not come again', async () => {
  const { batcher, work, dropped } = started(1, false)
  const connected = connection()
  add(batcher, 1, 'kept', 'a', connected)
  Object.assign(connected, { gone: true })
  await turn()
  assert.deepEqual([messages(work[0].batch), dropped], [['kept'], []])
})
