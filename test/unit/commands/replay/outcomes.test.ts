import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch } from '../../../../src/batch/batch.ts'
import { Outcomes } from '../../../../src/commands/replay/outcomes.ts'
import { rejectedAs } from '../../../../src/commands/replay/rejected.ts'
import type { Replayed } from '../../../../src/source/replay/replay-source.ts'
import type { EncodeTask, Part, RejectedEntry } from '../../../../src/worker/messages/tasks.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { ARRIVAL, decodeParts, encoderSettings, encodeTask, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

const encoder = new Encoder(encoderSettings({ maxDisorderMs: Infinity }))

function batchOf (messages: readonly Replayed[]): Batch {
  const { address, format, bytes, starts, ends } = encodeTask(messages.map(({ message }) => message))
  const length = ends.at(-1) ?? 0
  return {
    address,
    format,
    bytes,
    length,
    room: length,
    view: new Uint8Array(bytes),
    starts: [...starts],
    ends: [...ends],
    fingerprints: [],
    redelivered: [],
    messages: messages.length,
    cost: 0,
    opened: { at: 0 },
    spans: [{ connection: { gone: false }, first: 0, last: messages.length - 1, cost: 0 }]
  }
}

interface Tried {
  outcomes: Outcomes<Replayed>
  messages: Replayed[]
  parts: Part[]
  encoded: number[]
  /** Loki refuses these entries of the batch. */
  refuse: (entries: RejectedEntry[]) => Promise<void>
}

/** Encodes messages of these records as one batch. */
async function tried (...records: string[][]): Promise<Tried> {
  const messages = records.map(texts => ({ address: 'rsyslog/logs', message: rsyslogMessage(texts) }))
  const encoded: number[] = []
  const outcomes = new Outcomes<Replayed>(id => messages[id] ?? assert.fail())
  const encode = outcomes.encode(async ({ address, format, bytes, starts, ends, messages }) => {
    encoded.push(messages)
    const task: EncodeTask = {
      address,
      format,
      bytes,
      starts: Uint32Array.from(starts),
      ends: Uint32Array.from(ends),
      arrivalSeconds: ARRIVAL.seconds,
      arrivalNanos: ARRIVAL.nanos
    }
    return await Promise.resolve(encoder.encode(task))
  })
  const batch = batchOf(messages)
  const { parts } = await encode(batch, false)
  const ticket = outcomes.ticket(batch, { resolvePart: () => {}, split: () => {} })
  const refuse = async (entries: RejectedEntry[]): Promise<void> => {
    for (const entry of entries) {
      await outcomes.write(entry)
      ticket.split(0)
    }
  }
  return { outcomes, messages, parts, refuse, encoded }
}

async function kinds ({ outcomes, messages }: Tried): Promise<string[]> {
  return await Promise.all(messages.map(async message => {
    const outcome = await outcomes.of(message)
    return outcome.kind === 'left' ? outcome.reason : ['stored', ...outcome.again.keys()].join()
  }))
}

const lines = ({ parts }: Tried): string[] => decodeParts(parts).map(({ line }) => line).sort()

const good = (message: string): string => recordText({ message })

test('a batch of good messages is encoded once', async () => {
  const run = await tried([good('a')], [good('b')], [good('c')])
  assert.deepEqual([await kinds(run), lines(run), run.encoded], [['stored', 'stored', 'stored'], ['a', 'b', 'c'], [3]])
})

test('what would go to quarantine does not reach the sink; the others do', async () => {
  const run = await tried(...Array.from({ length: 64 }, (_, i) => [i === 21 ? '[]' : good(`line ${i}`)]))
  assert.equal((await kinds(run)).indexOf('not_object'), 21)
  assert.equal(lines(run).length, 63)
  assert.ok(run.encoded.length <= 13, `${run.encoded.length} encodings`)
})

test('a message of which other records can be stored goes on as a whole; one without any does not', async () => {
  const run = await tried([good('a'), '[]', 'no'], ['[]', '{}'], [good('b')])
  assert.deepEqual(await kinds(run), ['stored,invalid_json,not_object', 'not_object', 'stored'])
  assert.deepEqual(lines(run), ['[]', 'a', 'b', 'no'])
})

function rejected (run: Tried, line: string, over: Partial<RejectedEntry> = {}): RejectedEntry {
  const entry = decodeParts(run.parts).find(one => one.line === line) ?? assert.fail(line)
  return { reason: '400 no', tenant: entry.tenant, stream: entry.labels, timestamp: String(entry.time), line, metadata: {}, ...over }
}

test('what Loki refuses is told apart from the rest of its batch, also where the sink gave it a label more', async () => {
  const run = await tried([good('a')], [good('b')], [good('c')])
  const { stream } = rejected(run, 'b')
  await run.refuse([rejected(run, 'b', { stream: `${stream.slice(0, -1)}, zone="late"}` })])
  assert.deepEqual(await kinds(run), ['stored', 'refused', 'stored'])
})

test('where it cannot be told which was refused, none of the batch counts as stored', async () => {
  const run = await tried([good('a')], [good('b')])
  await run.refuse([rejected(run, 'a', { line: 'another line' })])
  assert.deepEqual(await kinds(run), ['refused', 'refused'])
})

test('of equal lines, the one that is nearest in time was refused', () => {
  const entry = { tenant: '', labels: new Map([['a', '1']]), nanos: 1_000n, line: 'x' }
  const at = (timestamp: number, stream = '{a="1"}'): RejectedEntry =>
    ({ reason: '', tenant: '', stream, timestamp: String(timestamp), line: 'x', metadata: {} })
  const near = at(1_010)
  assert.equal(rejectedAs(entry, [at(1_020), near, at(900)]), near)
  assert.equal(rejectedAs(entry, [at(5_000_000), at(1_000, '{a="2"}'), { ...near, tenant: 't' }, { ...near, line: 'y' }]), undefined)
})
