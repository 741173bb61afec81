import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { LokeanError } from '../../../../src/errors.ts'
import { alignLike, WORD } from '../../../../src/shared-memory.ts'
import type { EncodeTask, Part } from '../../../../src/worker/messages/tasks.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { bisect } from '../../../../src/worker/output/bisect.ts'
import { WorkerPool } from '../../../../src/worker/pool/pool.ts'
import { until } from '../../../helpers/until.ts'
import { wasmMemoryBytes } from '../../../helpers/wasm-memory.ts'
import { captures, decodeParts, encoderSettings, encodeTask, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const settings = encoderSettings({ pushBytes: 64 * 1024 })

function openPool (t: TestContext, workers: number): WorkerPool {
  const pool = new WorkerPool({ workers, settings, timeoutMs: 30_000 })
  t.after(() => pool.close())
  return pool
}

const failed = (error: unknown): boolean => error instanceof LokeanError && error.code === 'LOKEAN_WORKER' && error.retryable &&
  error.cause instanceof Error

/**
 * A batch of these messages, placed as the batcher does, with other bytes in front of each. `end` is the end of the
 * last one.
 */
function apart (messages: readonly Buffer[], offset: number): { task: EncodeTask, end: number } {
  const placed = new Uint8Array(new SharedArrayBuffer(messages.reduce((sum, { length }) => sum + length + WORD, 0))).fill(0xa5)
  const starts: number[] = []
  const ends: number[] = []
  for (const [i, message] of messages.entries()) {
    const source = new Uint8Array(new ArrayBuffer(message.length + 16), (offset + 3 * i) % 16, message.length)
    source.set(message)
    const start = alignLike(ends.at(-1) ?? 0, source)
    placed.set(source, start)
    starts.push(start)
    ends.push(start + message.length)
  }
  return {
    task: { ...encodeTask([]), bytes: placed.buffer, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) }, end: ends.at(-1) ?? 0
  }
}

/** Tasks that fail in any worker's thread. */
const impossible = { address: 'a', ends: Uint32Array.of(1), arrivalSeconds: 0, arrivalNanos: 0 } as unknown as EncodeTask
const broken: Part = {
  address: 'a', tenant: '', shard: 0, body: Buffer.from('ffffff', 'hex'), rawBytes: 1, records: 2, solo: false, quarantine: false
}

suite('through threads', () => {
  test('a batch gives what the encoder gives in this one, byte for byte', async t => {
    const pool = openPool(t, 2)
    const messages = captures().map(({ bytes }) => bytes)
    const tasks = [
      ...messages.map(message => encodeTask([message])), encodeTask(messages), encodeTask([rsyslogMessage(['x']), Buffer.from('zz')]),
      encodeTask([])
    ]
    const results = await Promise.all(tasks.map(task => pool.encode(task)))
    const encoder = new Encoder(settings)
    for (const [i, task] of tasks.entries()) {
      const here = encoder.encode(task)
      const plain = (parts: Part[]): unknown[] => parts.map(({ body, ...rest }) => ({ ...rest, body: Buffer.from(body).toString('hex') }))
      const same = { loudHosts: undefined }
      assert.deepEqual({ ...results[i], parts: plain(results[i].parts), ...same }, { ...here, parts: plain(here.parts), ...same })
    }
  })

  test('the time that all tasks took is known, of those that failed too', async t => {
    const pool = openPool(t, 2)
    assert.equal(pool.busySeconds, 0)
    const started = performance.now()
    const messages = Array.from(
      { length: 50 }, () => rsyslogMessage(Array.from({ length: 100 }, (_, i) => recordText({ message: `line ${i}` })))
    )
    await Promise.all([pool.encode(encodeTask(messages)), pool.encode(encodeTask(messages))])
    const first = pool.busySeconds
    assert.ok(first > 0 && first <= 2 * (performance.now() - started) / 1000, `${first}`)
    await assert.rejects(pool.encode({ ...impossible, ends: encodeTask(messages).ends }), failed)
    assert.ok(pool.busySeconds > first)
  })

  test('each thread gives back what a giant message took when nothing follows', async t => {
    const pool = openPool(t, 3)
    const onEach = async (task: EncodeTask): Promise<unknown> => await Promise.all([1, 2, 3].map(() => pool.encode(task)))
    await onEach(encodeTask([captures()[0].bytes]))
    const fresh = wasmMemoryBytes(process.pid)
    await onEach(encodeTask([rsyslogMessage([recordText({ message: 'x'.repeat(30 * 2 ** 20) })])]))
    assert.ok(wasmMemoryBytes(process.pid) > fresh + 3 * 30 * 2 ** 20)
    await until('it is back', () => {
      pool.endPeriod()
      return wasmMemoryBytes(process.pid) <= fresh
    })
  })

  test('the batch\'s own memory is left alone', async t => {
    const pool = openPool(t, 1)
    const task = encodeTask([captures()[0].bytes])
    const before = Buffer.from(task.bytes).toString('hex')
    for (let i = 0; i < 2; i++) assert.equal((await pool.encode(task)).records, 1)
    assert.equal(Buffer.from(task.bytes).toString('hex'), before)
  })

  test('each part has a buffer of its own, no larger than it is', async t => {
    const pool = openPool(t, 1)
    const records = Array.from({ length: 2000 }, (_, i) => recordText({ host: `h${i % 50}`, message: `line ${i} ${Math.random()}` }))
    const { parts } = await pool.encode(encodeTask([rsyslogMessage(records)]))
    assert.ok(parts.length >= 4)
    assert.ok(parts.every(({ body }) => body.buffer.byteLength === body.length))
    assert.equal(decodeParts(parts).length, 2000)
  })

  test('where there is room behind the messages, and enough to put there, the parts lie there', async t => {
    const pool = openPool(t, 1)
    const records = (count: number): Buffer => rsyslogMessage(Array.from(
      { length: count }, (_, i) => recordText({ host: `h${i % 50}`, message: `line ${i} ${randomBytes(60).toString('latin1')}` })
    ))
    for (const [count, room, shared] of [[2000, 1, true], [2000, 0.01, false], [20, 10, false]] as const) {
      const message = records(count)
      const bytes = new SharedArrayBuffer(Math.ceil(message.length * (1 + room)))
      new Uint8Array(bytes).set(message)
      const task = { ...encodeTask([message]), bytes }
      const result = await pool.encode(task)
      assert.equal(result.shared, shared)
      assert.deepEqual(decodeParts(result.parts), decodeParts(new Encoder(settings).encode(task).parts))
      assert.ok(Buffer.from(bytes, 0, message.length).equals(message), 'the messages are left alone')
      const ranges = result.parts.map(({ body }) => [body.byteOffset, body.byteOffset + body.length])
      if (shared) assert.ok(ranges.every(([start, end], i) => start >= (ranges[i - 1]?.[1] ?? message.length) && end <= bytes.byteLength))
      assert.ok(result.parts.every(({ body }) => body.buffer instanceof SharedArrayBuffer === shared))
    }
  })

  test('parts left in the batch\'s memory lie behind its messages, apart from each other, and only where they all fit', async t => {
    const pool = openPool(t, 1)
    const here = new Encoder(settings)
    const outcomes = { shared: 0, transferred: 0 }
    let word = 0
    for (const [count, spare] of [
      [1500, 0], [1500, -1], [1500, 1], [1500, 100_000], [900, 0], [4000, 0], [4000, -1], [4000, 33], [30, 500_000], [0, 100_000], [1500, 0]
    ] as const) {
      const messages = [0, 1, 2].map(m => rsyslogMessage(Array.from({ length: Math.ceil(count / 3) }, (_, i) =>
        recordText({ host: `h${i % 7}`, message: `${m}.${i} ${randomBytes(60).toString('hex')}` }))))
      const needed = (parts: readonly Part[]): number => parts.reduce((sum, { body }) => sum + body.length + WORD, 0)
      const { task, end } = apart(messages, word++)
      // The thread's encoder has seen the same batches, so it answers the same.
      const expected = here.encode(task)
      const total = needed(expected.parts)
      const bytes = new SharedArrayBuffer(end + total + spare)
      new Uint8Array(bytes).set(new Uint8Array(task.bytes, 0, end))
      const before = Buffer.from(Buffer.from(bytes, 0, end))
      const result = await pool.encode({ ...task, bytes })
      assert.equal(result.shared, spare >= 0 && total >= 64 * 1024, `${count} records, ${spare} bytes to spare, ${total} of parts`)
      outcomes[result.shared ? 'shared' : 'transferred']++
      assert.deepEqual(
        result.parts.map(({ body }) => Buffer.from(body).toString('base64')),
        expected.parts.map(({ body }) => Buffer.from(body).toString('base64'))
      )
      assert.ok(Buffer.from(bytes, 0, end).equals(before), 'the messages, and what is between them, are left alone')
      let behind = end
      for (const { body } of result.parts) {
        assert.equal(body.buffer instanceof SharedArrayBuffer, result.shared)
        if (!result.shared) continue
        assert.ok(body.byteOffset >= behind && body.byteOffset + body.length <= bytes.byteLength)
        behind = body.byteOffset + body.length
      }
    }
    assert.ok(outcomes.shared >= 4 && outcomes.transferred >= 4, JSON.stringify(outcomes))
  })

  test('parts that are asked for are handed over, however much room there is', async t => {
    const pool = openPool(t, 1)
    const message = rsyslogMessage(Array.from(
      { length: 2000 }, (_, i) => recordText({ message: `${i} ${randomBytes(60).toString('hex')}` })
    ))
    const bytes = new SharedArrayBuffer(3 * message.length)
    new Uint8Array(bytes).set(message)
    for (const transfer of [true, false]) {
      const result = await pool.encode({ ...encodeTask([message]), bytes, transfer })
      assert.equal(result.shared, !transfer)
      assert.ok(result.parts.every(({ body }) => body.buffer instanceof SharedArrayBuffer !== transfer))
      assert.equal(Buffer.from(bytes, message.length).every(byte => byte === 0), transfer)
      assert.equal(decodeParts(result.parts).length, 2000)
    }
  })

  test('memory that held another batch and its parts is as good as new', async t => {
    const pool = openPool(t, 1)
    const bytes = new SharedArrayBuffer(3 * 2 ** 20)
    const held: number[] = []
    for (const count of [3000, 200, 2500, 1200]) {
      const message = rsyslogMessage(Array.from(
        { length: count }, (_, i) => recordText({ host: `h${i % 5}`, message: `${count}.${i} ${randomBytes(60).toString('hex')}` })
      ))
      new Uint8Array(bytes).set(message)
      const { parts, shared } = await pool.encode({ ...encodeTask([message]), bytes })
      const lines = decodeParts(parts).map(({ line }) => line)
      assert.equal(new Set(lines).size, count)
      assert.ok(lines.every(line => line.startsWith(`${count}.`)))
      if (shared) held.push(count)
    }
    assert.deepEqual(held, [3000, 2500, 1200])
  })

  test('what Loki refused is narrowed down as it is here', async t => {
    const pool = openPool(t, 1)
    const { parts: [part] } = await pool.encode(encodeTask([rsyslogMessage([recordText(), recordText({ message: 'b' })])]))
    const task = { part, arrivalSeconds: 1, arrivalNanos: 2, reason: 'r' }
    const there = await pool.bisect(task)
    assert.equal(there.kind, 'halves')
    const lines = there.parts.map(half => decodeParts([half])[0].line)
    assert.deepEqual(lines, ['a line', 'b'])
    const single = { ...task, part: there.parts[0] }
    const [one, here] = [await pool.bisect(single), bisect(single, settings)]
    assert.ok(one.kind === 'entry' && here.kind === 'entry')
    assert.deepEqual(one.entry, here.entry)
  })
})

suite('a task that fails', () => {
  test('rejects with LOKEAN_WORKER, to be tried again, and the pool goes on', async t => {
    const pool = openPool(t, 1)
    const good = encodeTask([captures()[0].bytes])
    for (let i = 0; i < 3; i++) {
      await assert.rejects(pool.encode(impossible), failed)
      await assert.rejects(pool.bisect({ part: broken, arrivalSeconds: 0, arrivalNanos: 0, reason: '' }), failed)
      assert.equal((await pool.encode(good)).records, 1)
    }
  })

  test('among others fails alone', async t => {
    const pool = openPool(t, 2)
    const good = encodeTask([captures()[0].bytes])
    const settled = await Promise.allSettled([
      pool.encode(good), pool.encode(impossible), pool.encode(good), pool.encode(impossible), pool.encode(good)
    ])
    assert.deepEqual(settled.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  })
})

suite('closing', () => {
  /** Collects all threads started from here on. An ended thread has no id any more. */
  function watchThreads (t: TestContext): Worker[] {
    const started: Worker[] = []
    const onWorker = (worker: Worker): void => { started.push(worker) }
    process.on('worker', onWorker)
    t.after(() => process.off('worker', onWorker))
    return started
  }
  const living = (threads: readonly Worker[]): number => threads.filter(({ threadId }) => threadId !== -1).length

  test('ends all threads, and what comes later is refused without starting another', async t => {
    const threads = watchThreads(t)
    const pool = openPool(t, 3)
    assert.equal(pool.size, 3)
    await Promise.all(Array.from({ length: 6 }, () => pool.encode(encodeTask([captures()[0].bytes]))))
    assert.deepEqual([threads.length, living(threads)], [3, 3])
    await pool.close()
    assert.equal(living(threads), 0)
    await assert.rejects(pool.encode(encodeTask([])), { code: 'LOKEAN_CLOSED' })
    await assert.rejects(pool.bisect({ part: broken, arrivalSeconds: 0, arrivalNanos: 0, reason: '' }), { code: 'LOKEAN_CLOSED' })
    assert.equal(threads.length, 3)
  })

  test('while work is under way rejects it', async t => {
    const threads = watchThreads(t)
    const pool = openPool(t, 1)
    const pending = Array.from({ length: 4 }, () => pool.encode(encodeTask([captures()[0].bytes])))
    const settled = Promise.allSettled(pending)
    await pool.close()
    for (const one of await settled) assert.ok(one.status === 'fulfilled' || failed(one.reason) || one.reason.code === 'LOKEAN_CLOSED')
    assert.equal(living(threads), 0)
  })
})
