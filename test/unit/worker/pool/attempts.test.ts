import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Batch } from '../../../../src/batch/batch.ts'
import type { EncodeResult, EncodeTask, QuarantineMessageTask } from '../../../../src/worker/messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../../../src/worker/messages/reasons.ts'
import { Attempts } from '../../../../src/worker/pool/attempts.ts'
import { WorkerFailure } from '../../../../src/worker/pool/failure.ts'
import { collectedLog } from '../../../helpers/collected-log.ts'

/** Makes messages of one byte. 0 is sound. Any other number makes the thread fail so many times, over all attempts. */
function batchOf (messages: readonly number[]): Batch {
  const bytes = new SharedArrayBuffer(messages.length)
  const view = new Uint8Array(bytes)
  view.set(messages.map((_, i) => i))
  const starts = messages.map((_, i) => i)
  const link = { stale: false, settle: () => {} }
  return {
    address: 'a',
    link,
    first: 0,
    last: messages.length - 1,
    messages: messages.length,
    cost: messages.length,
    bytes,
    room: messages.length,
    view,
    length: messages.length,
    starts,
    ends: starts.map(i => i + 1),
    redelivered: starts.filter(i => i % 2 === 1)
  } as unknown as Batch
}

function result (records: number[], reason?: string): EncodeResult {
  const quarantined = new Uint32Array(QUARANTINE_REASONS.length)
  if (reason !== undefined) quarantined[QUARANTINE_REASONS.indexOf(reason as never)] = records.length
  return {
    parts: records.map(body => ({ body })) as never,
    cardinalityReports: [],
    empty: 0,
    joined: 0,
    dropped: Uint32Array.of(0),
    redacted: Uint32Array.of(0),
    shared: false,
    records: records.length,
    redelivered: 0,
    quarantined,
    mended: new Uint32Array(MEND_REASONS.length).fill(1),
    oldestMs: reason === undefined ? Math.min(...records) : NaN
  }
}

/**
 * Threads that fail on a message as often as `failures` says. The first `quarantineFailures` attempts to quarantine a
 * message fail too.
 */
function threads (failures: number[], quarantineFailures = 0) {
  const seen = {
    memories: [] as SharedArrayBuffer[],
    attempts: [] as number[][],
    transferred: [] as boolean[],
    times: [] as number[],
    addresses: new Set<string>()
  }
  const encode = async (task: EncodeTask): Promise<EncodeResult> => {
    const messages = [...task.starts].map(start => new Uint8Array(task.bytes)[start])
    seen.memories.push(task.bytes)
    seen.attempts.push(messages)
    seen.transferred.push(task.transfer === true)
    seen.times.push(task.arrivalNanos)
    seen.addresses.add(task.address)
    const guilty = messages.find(message => failures[message] > 0)
    if (guilty === undefined) return { ...result(messages), redelivered: task.redelivered?.length ?? 0 }
    failures[guilty]--
    throw new WorkerFailure('died', 'it died', new Error('cause'))
  }
  const quarantineMessage = async ({ address, message }: QuarantineMessageTask): Promise<EncodeResult> => {
    seen.addresses.add(address)
    if (quarantineFailures-- > 0) throw new WorkerFailure('threw', 'even so', new Error('cause'))
    return result([message[0]], 'worker_failed')
  }
  return { seen, pool: { encode, quarantineMessage } }
}

function attempts (pool: ReturnType<typeof threads>['pool']): { attempts: Attempts, close: () => void } {
  const closing = new AbortController()
  let next = 0
  return {
    attempts: new Attempts({
      pool,
      arrival: count => ({ seconds: 1, nanos: (next += count) - count }),
      replaceBuffer: (buffer, bytes) => buffer.slice(0, bytes),
      log: collectedLog().log,
      closing: closing.signal,
      retryMs: 0
    }),
    close: () => closing.abort()
  }
}

const bodies = ({ parts }: EncodeResult): number[] => parts.map(({ body }) => body as unknown as number)
const inQuarantine = ({ quarantined }: EncodeResult): number => quarantined[QUARANTINE_REASONS.indexOf('worker_failed')]

test('a batch that does no harm goes through at once, in its own memory', async () => {
  const { seen, pool } = threads([0, 0])
  const batch = batchOf([0, 0])
  const { bytes } = batch
  assert.deepEqual(bodies(await attempts(pool).attempts.encode(batch, false)), [0, 1])
  assert.deepEqual(seen, { memories: [bytes], attempts: [[0, 1]], transferred: [false], times: [0], addresses: new Set(['a']) })
})

test('one whose thread fails once is tried again as a whole, in memory that the failed thread does not have', async () => {
  const { seen, pool } = threads([0, 1])
  const batch = batchOf([0, 0])
  const { bytes } = batch
  assert.deepEqual(bodies(await attempts(pool).attempts.encode(batch, false)), [0, 1])
  assert.deepEqual(seen.attempts, [[0, 1], [0, 1]])
  assert.equal(seen.memories[0], bytes)
  assert.notEqual(seen.memories[1], bytes)
  assert.equal(batch.bytes, seen.memories[1], 'and that is what is given back in the end')
})

test('one that fails twice is narrowed down: the messages at fault are quarantined, all others encoded, in order', async () => {
  const { seen, pool } = threads([0, 0, Infinity, 0, 0])
  const encoded = await attempts(pool).attempts.encode(batchOf([0, 0, 0, 0, 0]), false)
  assert.deepEqual(bodies(encoded), [0, 1, 2, 3, 4])
  assert.deepEqual([inQuarantine(encoded), encoded.records, encoded.shared, encoded.oldestMs], [1, 5, false, 0])
  assert.deepEqual(seen.attempts, [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [2], [3, 4]])
  assert.deepEqual(seen.transferred.slice(1), [true, true, true, true, true], 'no part is left where other messages lie')
  assert.equal(new Set(seen.times).size, seen.times.length, 'no time of arrival is given twice')
  assert.deepEqual([...seen.addresses], ['a'])
})

test('whatever messages fail, however often, each comes out once', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.constant(Infinity)), {
    minLength: 1, maxLength: 40
  }), fc.nat({ max: 3 }), async (failures, quarantineFailures) => {
    const lethal = failures.filter(times => times === Infinity).length
    const { pool } = threads([...failures], quarantineFailures)
    const encoded = await attempts(pool).attempts.encode(batchOf(failures), false)
    assert.deepEqual(bodies(encoded), failures.map((_, i) => i))
    assert.equal(encoded.records, failures.length)
    assert.ok(inQuarantine(encoded) >= lethal)
    assert.equal(encoded.redelivered, Math.floor(failures.length / 2), 'every other one was sent before')
  }))
})

test('closing ends it, with nothing said to be encoded', async () => {
  const { pool } = threads([Infinity], Infinity)
  const { attempts: tried, close } = attempts(pool)
  const encoding = tried.encode(batchOf([0]), false)
  setImmediate(close)
  await assert.rejects(encoding, { code: 'LOKEAN_CLOSED' })
})
