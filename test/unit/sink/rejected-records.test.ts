import { mock, test } from 'node:test'
import assert from 'node:assert/strict'
import snappy from 'snappy'
import { RejectedRecords } from '../../../src/sink/rejected-records.ts'
import type { Pending, Rejected, Ruling } from '../../../src/sink/shard-tools.ts'
import type { Verdict } from '../../../src/sink/witnesses.ts'
import type { Bisected, BisectTask, Part, RejectedEntry } from '../../../src/worker/messages/tasks.ts'
import type { EncoderSettings } from '../../../src/worker/messages/settings.ts'
import { BacklogMaker } from '../../../src/worker/output/backlog.ts'
import { bisect } from '../../../src/worker/output/bisect.ts'
import { decodePush, encodePush } from '../../../src/worker/output/push-schema.ts'
import { collectedLog } from '../../helpers/collected-log.ts'
import { mockPauses } from '../../helpers/mock-timers.ts'
import { turn } from '../../helpers/until.ts'
import { encoderSettings } from '../../helpers/worker-fixtures.ts'

const ANSWER: Rejected = { kind: 'rejected', status: 400, message: 'has label value too long: no', fault: 'entry' }
const TICKET = { resolvePart () {}, split () {} }

interface Faults {
  bisect?: () => Bisected | undefined
  write?: (entry: RejectedEntry) => void
  hear?: () => Verdict
  storedSince?: () => boolean
}

function bench (deadLetters: boolean, faults: Faults = {}, settings: EncoderSettings = encoderSettings()) {
  const counts = { quarantined: 0, deadLettered: 0 }
  const inBacklog: number[] = []
  const backlogs = new BacklogMaker(settings)
  const written: RejectedEntry[] = []
  const tasks: BisectTask[] = []
  const heard: Part[] = []
  const tooLarge: Array<[tenant: string, bytes: number]> = []
  const conditions: number[] = []
  const { log, lines } = collectedLog()
  let arrivals = 0
  const rejectedRecords = new RejectedRecords({
    witnesses: {
      hear: async part => {
        heard.push(part)
        return faults.hear?.() ?? 'taken'
      }
    },
    storedSince: () => faults.storedSince?.() ?? false,
    tooLarge: (tenant, bytes) => { tooLarge.push([tenant, bytes]) },
    onCondition: endpoint => { conditions.push(endpoint) },
    bisect: async task => {
      tasks.push(task)
      return faults.bisect?.() ?? bisect(task, settings)
    },
    backlog: async task => backlogs.make(task),
    deadLetter: deadLetters
      ? {
          name: 'the dead-letter directory',
          write: async entry => {
            faults.write?.(entry)
            written.push(entry)
          }
        }
      : undefined,
    arrival: () => ({ seconds: 1_795_335_208, nanos: arrivals++ }),
    log,
    onQuarantined: () => { counts.quarantined++ },
    onBacklog: records => { inBacklog.push(records) },
    onDeadLettered: () => { counts.deadLettered++ }
  })
  /** What takes the place of a part that was rejected with ANSWER, and again where it is one entry. */
  const replace = async (one: Pending): Promise<Pending[] | undefined> => {
    const by = replaced(await rejectedRecords.rule(one, ANSWER, 0))
    const [again] = by ?? []
    if (again?.secondOpinion !== true) return by
    return replaced(await rejectedRecords.rule(again, ANSWER, 0))
  }
  return { rejectedRecords, replace, counts, written, tasks, lines, heard, tooLarge, conditions, inBacklog }
}

function replaced (ruling: Ruling | undefined): Pending[] | undefined {
  if (ruling === undefined) return undefined
  assert.equal(ruling.kind, 'replaced')
  return ruling.kind === 'replaced' ? ruling.by : undefined
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
  const { replace, counts, tasks } = bench(false)
  const halves = await replace(pending('a', 'b', 'c')) ?? []
  assert.deepEqual(halves.map(entries), [[['{source="a"}', 'a'], ['{source="b"}', 'b']], [['{source="c"}', 'c']]])
  assert.ok(halves.every(({ ticket, solo, part }) => ticket === TICKET && solo === true && !part.quarantine &&
    part.shard === 2))
  assert.deepEqual(counts, { quarantined: 0, deadLettered: 0 })
  assert.equal(tasks.length, 1)
})

test('halving ends with every entry by itself', async () => {
  const { replace, written, counts } = bench(true)
  const lines = Array.from({ length: 13 }, (_, i) => `line ${i}`)
  let left: Pending[] = [pending(...lines)]
  let steps = 0
  for (; left.length > 0; steps++) left = [...await replace(left[0]) ?? [], ...left.slice(1)]
  assert.deepEqual(written.map(({ line }) => line), lines)
  assert.equal(counts.deadLettered, 13)
  assert.equal(steps, 2 * 13 - 1)
})

test('without a directory, the entry at fault goes to the quarantine stream, under a time of its own', async () => {
  const { replace, counts, lines, written } = bench(false)
  const [first] = await replace(pending('a')) ?? []
  const [second] = await replace(pending('a')) ?? []
  assert.deepEqual(entries(first), [['{quarantine="refused", source="lokean"}', 'a']])
  assert.ok(first.solo === true && first.part.quarantine && first.ticket === TICKET)
  assert.notDeepEqual(first.part.body, second.part.body)
  assert.deepEqual(counts, { quarantined: 2, deadLettered: 0 })
  assert.deepEqual(written, [])
  assert.equal(lines[0].level, 'warn')
  assert.equal(lines[0].stream, '{source="a"}')
})

test('many rejected records are told in one line', async () => {
  const { replace, lines } = bench(false)
  for (let i = 0; i < 50; i++) await replace(pending('a'))
  assert.deepEqual(lines.map(({ msg, records }) => [msg, records]), [['Loki refused records; they go to the quarantine stream', 1]])
  assert.match(String(lines[0].reason), /400 has label value too long/)
})

test('with a directory, the entry at fault is written there as it came, and done with', async () => {
  const { replace, counts, written } = bench(true)
  assert.deepEqual(await replace(pending('a line')), [])
  assert.deepEqual(written, [{
    reason: '400 has label value too long: no',
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
  const { replace, lines, tasks } = bench(false, {
    bisect: () => {
      if (failures-- > 0) throw new Error('the worker thread died')
      return undefined
    }
  })
  const handled = replace(pending('a', 'b'))
  for (let i = 1; i <= 3; i++) {
    await turn()
    assert.equal(tasks.length, i)
    mock.timers.tick(1_000)
  }
  assert.equal((await handled)?.length, 2)
  assert.equal(tasks.length, 4)
  assert.equal(new Set(tasks.map(({ arrivalNanos }) => arrivalNanos)).size, 1)
  assert.equal(lines.filter(({ level }) => level === 'error').length, 1, 'and that is told once in a while')
})

test('while the disk fails, the entry is held, so that it is tried again, and counted once', async () => {
  let failures = 2
  const { rejectedRecords, counts, written } = bench(true, { write: () => { if (failures-- > 0) throw new Error('ENOSPC') } })
  const one = { ...pending('a'), secondOpinion: true }
  for (let i = 0; i < 2; i++) {
    const ruling = await rejectedRecords.rule(one, ANSWER, 0)
    assert.deepEqual([ruling?.kind, ruling?.kind === 'held' && ruling.message], ['held', 'writing a dead letter failed: ENOSPC'])
    assert.match(ruling?.kind === 'held' ? ruling.hint ?? '' : '', /LOKEAN_DEAD_LETTER_DIR/)
    assert.deepEqual(counts, { quarantined: 0, deadLettered: 0 })
  }
  assert.deepEqual(replaced(await rejectedRecords.rule(one, ANSWER, 0)), [])
  assert.equal(written.length, 1)
  assert.equal(counts.deadLettered, 1)
})

test('closing ends the waiting with undefined, never with "nothing left to push"', async t => {
  mockPauses(t)
  const { rejectedRecords, replace } = bench(false, { bisect: () => { throw new Error('gone') } })
  const handled = replace(pending('a'))
  await turn()
  rejectedRecords.close()
  assert.equal(await handled, undefined)
  assert.equal(await replace(pending('a')), undefined)
})

test('a record is at fault only with a witness', async t => {
  const unknown: Rejected = { kind: 'rejected', status: 400, message: 'no', fault: 'unknown', hint: 'look there' }
  const held = { kind: 'held', message: '400 no', hint: 'look there' }
  await t.test('none: the part is held as it is, and nothing is put aside', async () => {
    const { rejectedRecords, heard, tasks, counts, conditions } = bench(true, { hear: () => 'refused' })
    for (const lines of [['a', 'b'], ['a']]) assert.deepEqual(await rejectedRecords.rule(pending(...lines), unknown, 0), held)
    assert.deepEqual([heard.length, tasks.length, counts], [2, 0, { quarantined: 0, deadLettered: 0 }])
    assert.deepEqual(conditions, [0, 0])
  })
  await t.test('one: the part is halved', async () => {
    const { rejectedRecords } = bench(true, { hear: () => 'taken' })
    assert.equal(replaced(await rejectedRecords.rule(pending('a', 'b'), unknown, 0))?.length, 2)
  })
  await t.test('nobody can tell yet: later', async () => {
    const answer = { kind: 'retry', reason: '5xx', message: '503 no' } as const
    const { rejectedRecords } = bench(true, { hear: () => answer })
    assert.deepEqual(await rejectedRecords.rule(pending('a', 'b'), unknown, 0), { kind: 'later', answer })
  })
  await t.test('what Loki\'s own text says needs none', async () => {
    const { rejectedRecords, heard } = bench(true, { hear: () => 'refused' })
    assert.equal(replaced(await rejectedRecords.rule(pending('a', 'b'), ANSWER, 0))?.length, 2)
    assert.deepEqual(await rejectedRecords.rule(pending('a', 'b'), { ...unknown, fault: 'condition' }, 0), held)
    assert.equal(heard.length, 0)
  })
  await t.test('labels: others of the address that are stored are one, since they have what this record lacks', async () => {
    let stored = false
    const { rejectedRecords } = bench(true, { hear: () => 'refused', storedSince: () => stored })
    const labels: Rejected = { ...unknown, fault: 'labels' }
    assert.deepEqual(await rejectedRecords.rule(pending('a', 'b'), labels, 0), held)
    stored = true
    assert.equal(replaced(await rejectedRecords.rule(pending('a', 'b'), labels, 0))?.length, 2)
  })
})

test('an entry is pushed alone once more before it is put aside', async () => {
  const { rejectedRecords, written } = bench(true)
  const one = pending('a')
  const again = replaced(await rejectedRecords.rule(one, ANSWER, 0)) ?? []
  assert.deepEqual(again.map(({ part, secondOpinion, solo }) => [part === one.part, secondOpinion, solo]), [[true, true, true]])
  assert.deepEqual(written, [])
  assert.deepEqual(replaced(await rejectedRecords.rule(again[0], ANSWER, 0)), [])
  assert.equal(written.length, 1)
})

test('too large: the limit of the tenant falls, the part is halved, and one entry goes where rejected records go', async () => {
  const { rejectedRecords, tooLarge, written } = bench(true)
  const size: Rejected = { kind: 'rejected', status: 413, message: 'too large', fault: 'size' }
  const two = pending('a', 'b')
  assert.equal(replaced(await rejectedRecords.rule(two, size, 0))?.length, 2)
  assert.deepEqual(tooLarge, [['cloud1', two.part.rawBytes]])
  assert.deepEqual(replaced(await rejectedRecords.rule({ ...pending('a'), secondOpinion: true }, size, 0)), [])
  assert.equal(written.length, 1)
  const { rejectedRecords: quarantine, tasks } = bench(false)
  const long = pending('x'.repeat(4_000))
  await quarantine.rule({ ...long, secondOpinion: true }, size, 0)
  assert.equal(tasks[0].maxLineBytes, Math.floor(long.part.rawBytes / 2), 'in pieces of half the size')
})

test('a quarantined record that Loki rejects is held, or goes to the dead letters where there are any', async () => {
  const quarantined = { ...pending('a'), secondOpinion: true }
  quarantined.part.quarantine = true
  const without = bench(false)
  assert.equal((await without.rejectedRecords.rule(quarantined, ANSWER, 0))?.kind, 'held')
  const withLetters = bench(true)
  assert.deepEqual(replaced(await withLetters.rejectedRecords.rule(quarantined, ANSWER, 0)), [])
  assert.equal(withLetters.written.length, 1)
  // A line that the tenant finds too long is cut again.
  const long: Rejected = { ...ANSWER, message: "Max entry size '300' bytes exceeded for stream" }
  assert.ok(replaced(await without.rejectedRecords.rule(quarantined, long, 0))?.every(({ part }) => part.quarantine))
  assert.equal(without.counts.quarantined, 0, 'it was counted before')
  // Shorter pieces than 256 bytes are not made.
  const tiny: Rejected = { ...ANSWER, message: "Max entry size '100' bytes exceeded for stream" }
  assert.equal((await without.rejectedRecords.rule(quarantined, tiny, 0))?.kind, 'held')
})

test('what Loki finds too far behind gets a backlog stream, and the rest of the part is pushed again', async t => {
  const late: Rejected = {
    ...ANSWER,
    message: "entry with timestamp 2023-11-14 22:13:20.000000007 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: " +
      "2023-11-14T22:13:20Z, oldest acceptable timestamp is: 2023-11-14T22:14:00Z',\nuser 'fake', total ignored: 1 out of 1 for stream: {source=\"b\"}"
  }
  await t.test('in one step, without a second opinion', async () => {
    const { rejectedRecords, inBacklog, tasks } = bench(true)
    const one = { ...pending('a', 'b', 'c'), rejectedAt: 7 }
    const by = replaced(await rejectedRecords.rule(one, late, 0)) ?? []
    assert.deepEqual(by.map(entries), [
      [['{backlog="2023-11-14T22", source="b"}', 'b']], [['{source="a"}', 'a'], ['{source="c"}', 'c']]
    ])
    assert.ok(by.every(({ ticket, solo, rejectedAt }) => ticket === TICKET && solo === true && rejectedAt === 7))
    const [alone] = replaced(await rejectedRecords.rule(pending('b'), late, 0)) ?? []
    assert.deepEqual(entries(alone), [['{backlog="2023-11-14T22", source="b"}', 'b']])
    assert.deepEqual([inBacklog, tasks], [[1, 1], []])
  })
  await t.test('not where it is in a backlog stream already, in quarantine, or where there is no backlog label', async () => {
    const one = pending('b')
    const [alone] = replaced(await bench(true).rejectedRecords.rule(one, late, 0)) ?? []
    for (const [settings, again] of [[undefined, alone], [encoderSettings({ backlogLabel: undefined }), one]] as const) {
      const { rejectedRecords, written, inBacklog } = bench(true, {}, settings)
      assert.deepEqual(replaced(await rejectedRecords.rule({ ...again, secondOpinion: true }, late, 0)), [])
      assert.deepEqual([written.length, inBacklog], [1, []])
    }
    const quarantined = { ...one, part: { ...one.part, quarantine: true }, secondOpinion: true }
    assert.equal((await bench(false).rejectedRecords.rule(quarantined, late, 0))?.kind, 'held')
  })
})
