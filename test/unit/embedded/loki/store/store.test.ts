import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Intake } from '../../../../../src/embedded/loki/push/intake.ts'
import type { Limits } from '../../../../../src/embedded/loki/push/limits.ts'
import { Store, type StoreOptions } from '../../../../../src/embedded/loki/store/store.ts'
import { clock, pushRequest, type TestStream } from '../push/logproto.ts'

const unlimited = { rateBytes: Infinity, disorderMs: Infinity, messageBytes: Infinity }

/** `later`: in ms, the time of a push by the store's clock. */
function filled (
  options: StoreOptions = {}, limits: Partial<Limits> = {}
): { store: Store, push: (streams: TestStream[], tenant?: string, later?: number) => void } {
  const store = new Store(options)
  let now = clock
  const intake = new Intake(store, { limits: { ...unlimited, ...limits }, now: () => now })
  return {
    store,
    push: (streams, tenant = 'fake', later = 0) => {
      now = clock + later
      const bytes = pushRequest(streams)
      intake.push(tenant, bytes.length, (chunk, at) => { bytes.copy(chunk.buf, at) })
    }
  }
}

function contents (store: Store, tenant = 'fake'): string[] {
  const all: string[] = []
  store.forEach(({ labels, seconds, nanos, buf, lineStart, lineEnd }) => { all.push(`${labels.text} ${seconds}.${nanos} ${buf.toString('utf8', lineStart, lineEnd)}`) }, tenant)
  return all
}

const streamNames = ['a', 'b', 'c']
const pushes = fc.array(fc.array(fc.record({
  stream: fc.constantFrom(...streamNames),
  ms: fc.integer({ min: -5, max: 5 }),
  ns: fc.nat({ max: 2 }),
  line: fc.constantFrom('', 'x', 'y', 'xy', 'long '.repeat(9), 'long '.repeat(8) + 'lonG ')
}), { minLength: 1, maxLength: 12 }), { maxLength: 30 })

test('holds what a list without repeats would hold, the newest of it, and gives streams in order of time', () => {
  fc.assert(fc.property(pushes, fc.integer({ min: 1, max: 60 }), (pushed, maxEntries) => {
    const { store, push } = filled({ maxEntries })
    let model: string[] = []
    let duplicates = 0
    for (const entries of pushed) {
      push(entries.map(({ stream, ms, ns, line }) => ({ labels: `{s="${stream}"}`, entries: [{ ms: clock + ms, ns, line }] })))
      for (const { stream, ms, ns, line } of entries) {
        const at = clock + ms
        const key = `{s="${stream}", service_name="unknown_service"} ${Math.floor(at / 1000)}.${(at % 1000) * 1_000_000 + ns} ${line}`
        if (model.includes(key)) duplicates++
        else model.push(key)
      }
      model = model.slice(-maxEntries)
    }
    assert.deepEqual(contents(store), model)
    assert.equal(store.duplicates, duplicates)
    assert.equal(store.entries - store.dropped, model.length)
    for (const stream of store.streams('fake')) {
      const rows = [...stream.sorted(store.table)]
      assert.equal(rows.length, model.filter((key) => key.startsWith(stream.text)).length)
      for (let i = 1; i < rows.length; i++) assert.ok(store.table.compareRows(rows[i - 1], rows[i]) < 0)
    }
  }), { numRuns: 200 })
})

test('large pushes live in chunks of their own and leave with their last row', () => {
  const { store, push } = filled({ maxBytes: 1_000_000 })
  for (let i = 0; i < 20; i++) {
    push([{
      labels: '{a="b"}',
      entries: Array.from({ length: 30 }, (_, n) => ({ ms: clock + i * 100 + n, line: `${i}-${n} `.padEnd(10_000, 'x') }))
    }])
  }
  assert.ok(store.bytes <= 1_000_000 && store.bytes > 980_000)
  const held = contents(store)
  assert.equal(held.length, store.entries - store.dropped)
  assert.match(held.at(-1)!, / 19-29 x+$/)
})

test('a row beyond the first segment of the table is read and dropped as any other', () => {
  const { store, push } = filled({ maxEntries: 40_000 })
  for (let i = 0; i < 10; i++) {
    push([{
      labels: '{a="b"}', entries: Array.from({ length: 10_000 }, (_, n) => ({ ms: clock + i * 10_000 + n, line: `id=${i * 10_000 + n} ` }))
    }])
  }
  assert.equal(store.dropped, 60_000)
  assert.deepEqual(store.countIds('id=', { expected: 100_000 }), {
    matched: 40_000,
    distinct: 40_000,
    repeated: 0,
    missing: 60_000,
    firstMissing: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    unexpected: 0,
    quarantined: 0,
    quarantinedIds: 0
  })
})

test('tenants share nothing', () => {
  const { store, push } = filled()
  push([{ labels: '{a="b"}', entries: [{ ms: clock, line: 'x 1' }] }], 'one')
  push([{ labels: '{a="b"}', entries: [{ ms: clock, line: 'x 1' }] }], 'two')
  assert.equal(store.duplicates, 0)
  assert.equal(contents(store, 'one').length, 1)
  assert.equal(store.countIds('x ', { tenant: 'two' }).matched, 1)
  assert.deepEqual(store.tenants(), ['one', 'two'])
})

test('countIds finds the numbers of a push that was divided into shards', () => {
  const { store, push } = filled({}, { shardRateBytes: 50 })
  const entries = (from: number): TestStream[] => [{
    labels: '{a="b"}', entries: Array.from({ length: 9 }, (_, n) => ({ ms: clock + from + n, line: `seq=${from + n}` }))
  }]
  push(entries(0))
  push(entries(9), 'fake', 1000)
  assert.equal(store.streamCount, 3)
  const { distinct, repeated, missing } = store.countIds('seq=', { expected: 18 })
  assert.deepEqual({ distinct, repeated, missing }, { distinct: 18, repeated: 0, missing: 0 })
})

test('countIds tells stored, repeated, missing, unexpected and quarantined numbers apart', () => {
  const { store, push } = filled()
  const at = (ms: number, line: string): { ms: number, line: string } => ({ ms: clock + ms, line })
  push([
    {
      labels: '{a="1"}',
      entries: [
        at(0, 'first seq=000000 end'), at(1, 'seq=x seq=000002'), at(2, 'nothing'), at(3, 'seq='), at(4, 'cut seq=5'),
        at(5, '6 stands in the next line')
      ]
    },
    { labels: '{a="2"}', entries: [at(0, 'again seq=000002'), at(1, ' seq=000009 seq=000004')] },
    {
      labels: '{source="lokean", quarantine="not_json"}',
      entries: [at(0, '{"message":"seq=000001'), at(1, 'seq=000002'), at(2, 'no number')]
    },
    { labels: '{source="lokean"}', entries: [at(0, 'seq=99999999999999')] }
  ])
  assert.deepEqual(store.countIds('seq=', { expected: 8 }), {
    matched: 6, distinct: 3, repeated: 1, missing: 4, firstMissing: [3, 4, 6, 7], unexpected: 2, quarantined: 3, quarantinedIds: 1
  })
  assert.equal(store.countIds('seq=').missing, 5, 'up to the largest number found')
})

test('a store told the marker beforehand counts what it has dropped, too', () => {
  const { store, push } = filled({ maxEntries: 10, countDropped: 'id=' })
  for (let id = 0; id < 1000; id++) if (id !== 500) push([{ labels: '{a="b"}', entries: [{ ms: clock + id, line: `id=${id}.` }] }])
  assert.equal(store.dropped, 989)
  assert.deepEqual(store.countIds('id=', { expected: 1000 }), {
    matched: 999, distinct: 999, repeated: 0, missing: 1, firstMissing: [500], unexpected: 0, quarantined: 0, quarantinedIds: 0
  })
  assert.deepEqual(store.countIds('id=', { expected: 1000 }).distinct, 999, 'counting changes nothing')
  assert.equal(store.countIds('d=', { expected: 1000 }).distinct, 10, 'another marker is searched for in what is held')
})
