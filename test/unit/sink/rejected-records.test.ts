import { mock, test } from 'node:test'
import assert from 'node:assert/strict'
import snappy from 'snappy'
import type { Pending } from '../../../src/sink/shard.ts'
import { RejectedRecords } from '../../../src/sink/rejected-records.ts'
import type { Bisected, BisectTask, Part, RejectedEntry } from '../../../src/worker/messages.ts'
import { bisect } from '../../../src/worker/output/bisect.ts'
import { decodePush, encodePush } from '../../../src/worker/output/push-schema.ts'
import { collectedLog } from '../../helpers/collected-log.ts'
import { mockPauses } from '../../helpers/mock-timers.ts'
import { turn } from '../../helpers/until.ts'
import { encoderSettings } from '../../helpers/worker-fixtures.ts'

const ANSWER = { kind: 'rejected', status: 400, message: 'line too long' } as const
const TICKET = { resolvePart () {}, split () {} }

interface Faults { bisect?: () => Bisected | undefined, write?: (entry: RejectedEntry) => void }

function bench (deadLetters: boolean, faults: Faults = {}) {
  const counts = { quarantined: 0, deadLettered: 0 }
  const written: RejectedEntry[] = []
  const tasks: BisectTask[] = []
  const { log, lines } = collectedLog()
  let arrivals = 0
  const rejectedRecords = new RejectedRecords({
    bisect: async task => {
      tasks.push(task)
      return faults.bisect?.() ?? bisect(task, encoderSettings())
    },
    deadLetter: deadLetters
      ? {
          write: async entry => {
            faults.write?.(entry)
            written.push(entry)
          }
        }
      : undefined,
    arrival: () => ({ seconds: 1_795_335_208, nanos: arrivals++ }),
    log,
    onQuarantined: () => { counts.quarantined++ },
    onDeadLettered: () => { counts.deadLettered++ }
  })
  return { rejectedRecords, counts, written, tasks, lines }
}

function pending (...lines: string[]): Pending {
  const raw = encodePush({
    streams: lines.map(line => ({
      labels: `{source="${line}"}`,
      entries: [{ timestamp: { seconds: 1_700_000_000, nanos: 7 }, line, structuredMetadata: [{ name: 'level', value: 'info' }] }]
    }))
  })
  const part: Part = {
    address: 'a',
    tenant: 'cloud1',
    shard: 2,
    body: snappy.compressSync(Buffer.from(raw)),
    rawBytes: raw.length,
    records: lines.length,
    solo: false,
    quarantine: false
  }
  return { part, ticket: TICKET }
}

function entries ({ part }: Pending): Array<[stream: string, line: string]> {
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  return streams.flatMap(({ labels, entries }) => entries.map(({ line }): [string, string] => [labels, line]))
}

test('a part of several entries becomes two halves, each to be pushed alone', async () => {
  const { rejectedRecords, counts, tasks } = bench(false)
  const halves = await rejectedRecords.handle(pending('a', 'b', 'c'), ANSWER) ?? []
  assert.deepEqual(halves.map(entries), [[['{source="a"}', 'a'], ['{source="b"}', 'b']], [['{source="c"}', 'c']]])
  assert.ok(halves.every(({ ticket, solo, quarantine, part }) => ticket === TICKET && solo === true && quarantine !== true &&
    part.shard === 2))
  assert.deepEqual(counts, { quarantined: 0, deadLettered: 0 })
  assert.equal(tasks[0].reason, '400 line too long')
})

test('halving ends with every entry by itself', async () => {
  const { rejectedRecords, written, counts } = bench(true)
  const lines = Array.from({ length: 13 }, (_, i) => `line ${i}`)
  let left: Pending[] = [pending(...lines)]
  let steps = 0
  for (; left.length > 0; steps++) left = [...await rejectedRecords.handle(left[0], ANSWER) ?? [], ...left.slice(1)]
  assert.deepEqual(written.map(({ line }) => line), lines)
  assert.equal(counts.deadLettered, 13)
  assert.equal(steps, 2 * 13 - 1)
})

test('without a directory, the entry at fault goes to the quarantine stream, under a time of its own', async () => {
  const { rejectedRecords, counts, lines, written } = bench(false)
  const [first] = await rejectedRecords.handle(pending('a'), ANSWER) ?? []
  const [second] = await rejectedRecords.handle(pending('a'), ANSWER) ?? []
  assert.deepEqual(entries(first), [['{quarantine="refused", source="lokean"}', 'a']])
  assert.ok(first.solo === true && first.quarantine === true && first.ticket === TICKET)
  assert.notDeepEqual(first.part.body, second.part.body)
  assert.deepEqual(counts, { quarantined: 2, deadLettered: 0 })
  assert.deepEqual(written, [])
  assert.equal(lines[0].level, 'warn')
  assert.equal(lines[0].stream, '{source="a"}')
})

test('many rejectedRecords are told in one line', async () => {
  const { rejectedRecords, lines } = bench(false)
  for (let i = 0; i < 50; i++) await rejectedRecords.handle(pending('a'), ANSWER)
  assert.deepEqual(lines.map(({ msg, records }) => [msg, records]), [['Loki refused records; they go to the quarantine stream', 1]])
  assert.match(String(lines[0].reason), /400 line too long/)
})

test('with a directory, the entry at fault is written there as it came, and done with', async () => {
  const { rejectedRecords, counts, written } = bench(true)
  assert.deepEqual(await rejectedRecords.handle(pending('a line'), ANSWER), [])
  assert.deepEqual(written, [{
    reason: '400 line too long',
    tenant: 'cloud1',
    stream: '{source="a line"}',
    timestamp: '1700000000000000007',
    line: 'a line',
    metadata: { level: 'info' }
  }])
  assert.deepEqual(counts, { quarantined: 0, deadLettered: 1 })
})

test('a worker that fails is asked again until it does not', async t => {
  mockPauses(t)
  let failures = 3
  const { rejectedRecords, lines, tasks } = bench(false, {
    bisect: () => {
      if (failures-- > 0) throw new Error('the worker thread died')
      return undefined
    }
  })
  const handled = rejectedRecords.handle(pending('a', 'b'), ANSWER)
  for (let i = 1; i <= 3; i++) {
    await turn()
    assert.equal(tasks.length, i)
    mock.timers.tick(1_000)
  }
  assert.equal((await handled)?.length, 2)
  assert.equal(tasks.length, 4)
  assert.equal(new Set(tasks.map(({ arrivalNanos }) => arrivalNanos)).size, 1)
  assert.equal(lines.filter(({ level }) => level === 'error').length, 3)
})

test('a disk that fails is tried again until it does not, and the entry counted once', async t => {
  mockPauses(t)
  let failures = 2
  const { rejectedRecords, counts, written } = bench(true, { write: () => { if (failures-- > 0) throw new Error('ENOSPC') } })
  const handled = rejectedRecords.handle(pending('a'), ANSWER)
  for (let i = 0; i < 2; i++) {
    await turn()
    assert.deepEqual(counts, { quarantined: 0, deadLettered: 0 })
    mock.timers.tick(1_000)
  }
  assert.deepEqual(await handled, [])
  assert.equal(written.length, 1)
  assert.equal(counts.deadLettered, 1)
})

test('many that wait for the disk at once are no leak to warn of', async t => {
  mockPauses(t)
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const { rejectedRecords } = bench(true, { write: () => { throw new Error('ENOSPC') } })
  const handled = Array.from({ length: 20 }, async () => await rejectedRecords.handle(pending('a'), ANSWER))
  await turn()
  rejectedRecords.close()
  await Promise.all(handled)
  await turn()
  assert.deepEqual(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'), [])
})

test('closing ends the waiting with undefined, never with "nothing left to push"', async t => {
  mockPauses(t)
  const worker = bench(false, { bisect: () => { throw new Error('gone') } })
  const disk = bench(true, { write: () => { throw new Error('ENOSPC') } })
  const handled = [worker.rejectedRecords.handle(pending('a'), ANSWER), disk.rejectedRecords.handle(pending('a'), ANSWER)]
  await turn()
  worker.rejectedRecords.close()
  disk.rejectedRecords.close()
  assert.deepEqual(await Promise.all(handled), [undefined, undefined])
  assert.equal(disk.counts.deadLettered, 0)
  assert.equal(await worker.rejectedRecords.handle(pending('a'), ANSWER), undefined)
  assert.equal(await disk.rejectedRecords.handle(pending('a'), ANSWER), undefined)
})
