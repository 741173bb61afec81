import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { EncoderSettings } from '../../../src/types.ts'
import { ARENA, Fields, INPUT, SIDE } from '../../../src/worker/fields.ts'
import { type Refusal, Stream, StreamCache } from '../../../src/worker/streams.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { encoderSettings, mappings } from '../../helpers/worker-fixtures.ts'

type Where = typeof INPUT | typeof SIDE | typeof ARENA

class Cache {
  readonly fields: Fields
  readonly streams: StreamCache

  constructor (overrides: Partial<EncoderSettings> = {}) {
    const settings = encoderSettings({ labels: mappings('cloud,host,app=source'), ...overrides })
    this.fields = new Fields(settings)
    this.streams = new StreamCache(settings, this.fields)
  }

  /** The stream of a record with these fields, their values lying in one of the three buffers, behind other bytes. */
  find (values: Record<string, string>, where: (name: string) => Where = () => INPUT): Stream | Refusal {
    const buffers = new Map<Where, Buffer>([[INPUT, Buffer.from('input')], [SIDE, Buffer.from('a side')], [ARENA, Buffer.from('the arena')]])
    this.fields.clear()
    for (const [name, value] of Object.entries(values)) {
      const kind = where(name)
      const buffer = buffers.get(kind)!
      buffers.set(kind, Buffer.concat([buffer, Buffer.from(value), Buffer.from('~')]))
      this.fields.set(this.fields.slot(name), kind, buffer.length, buffer.length + Buffer.byteLength(value))
    }
    return this.streams.find(buffers.get(INPUT)!, buffers.get(SIDE)!, buffers.get(ARENA)!)
  }

  stream (values: Record<string, string>, where?: (name: string) => Where): Stream {
    const stream = this.find(values, where)
    assert.ok(stream instanceof Stream, String(stream))
    return stream
  }
}

const labelsOf = (stream: Stream): Record<string, string> => parseSelector(Buffer.from(stream.labels).toString())
const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('', 'a', 'b', 'ab', '"', '\0', '\n'))
const record = fc.record({ cloud: value, host: value, source: value }, { requiredKeys: [] })
const where = fc.record({ cloud: fc.constantFrom<Where>(INPUT, SIDE, ARENA), host: fc.constantFrom<Where>(INPUT, SIDE, ARENA), source: fc.constantFrom<Where>(INPUT, SIDE, ARENA) })

test('any records: one stream for each set of labels, the same object each time, wherever the values lie', () => {
  fc.assert(fc.property(fc.array(fc.tuple(record, where), { minLength: 1, maxLength: 20 }), records => {
    const cache = new Cache()
    const byLabels = new Map<string, Stream | Refusal>()
    for (const [values, places] of [...records, ...records]) {
      const stream = cache.find(values as Record<string, string>, name => places[name as keyof typeof places])
      const { cloud = '', host = '', source = '' } = values
      const expected = Object.fromEntries(Object.entries({ cloud, host, app: source }).filter(([, one]) => one !== ''))
      const key = JSON.stringify([cloud, host, source])
      if (Object.keys(expected).length === 0) assert.equal(stream, 'no_labels')
      else assert.deepEqual(labelsOf(stream as Stream), expected)
      assert.equal(stream, byLabels.get(key) ?? stream)
      byLabels.set(key, stream)
    }
    const streams = [...byLabels.values()].filter(stream => stream instanceof Stream)
    assert.equal(new Set(streams).size, streams.length, 'and another for other labels')
  }), { numRuns: 700 })
})

test('values that run into one another are kept apart', () => {
  const cache = new Cache()
  const all: Array<Record<string, string>> = [{ cloud: 'ab', host: 'c' }, { cloud: 'a', host: 'bc' }, { cloud: 'abc' }, { host: 'abc' }, { cloud: 'a\0', host: 'bc' }, { cloud: 'a', host: '\0bc' }]
  assert.equal(new Set(all.map(values => cache.stream(values))).size, all.length)
})

test('an empty value is as good as none', () => {
  const cache = new Cache()
  assert.equal(cache.stream({ cloud: 'c', host: '' }), cache.stream({ cloud: 'c' }))
})

test('two caches, as in two workers, put a stream on the same shard; and streams spread', () => {
  const [one, other] = [new Cache({ shards: 8 }), new Cache({ shards: 8 })]
  const shards = new Set<number>()
  for (let i = 0; i < 200; i++) {
    const { shard } = one.stream({ cloud: 'c', host: `h${i}` })
    assert.equal(other.stream({ cloud: 'c', host: `h${i}` }, () => SIDE).shard, shard)
    shards.add(shard)
  }
  assert.deepEqual([...shards].sort(), [0, 1, 2, 3, 4, 5, 6, 7])
})

suite('tenants', () => {
  test('none and fixed', () => {
    assert.equal(new Cache().stream({ cloud: 'c' }).tenant, '')
    assert.equal(new Cache({ tenant: { kind: 'fixed', tenant: 'me' } }).stream({ cloud: 'c' }).tenant, 'me')
  })

  test('from a label\'s field, and from one that is no label', () => {
    assert.equal(new Cache({ tenant: { kind: 'field', field: 'cloud' } }).stream({ cloud: 'c', host: 'h' }).tenant, 'c')
    const cache = new Cache({ tenant: { kind: 'field', field: 'project' } })
    const [a, b] = [cache.stream({ cloud: 'c', project: 'a' }), cache.stream({ cloud: 'c', project: 'b' })]
    assert.notEqual(a, b)
    assert.deepEqual([a.tenant, b.tenant], ['a', 'b'])
    assert.deepEqual(a.labels, b.labels)
    assert.deepEqual(labelsOf(a), { cloud: 'c' })
  })

  test('what is no tenant is refused, before the labels are looked at', () => {
    const cache = new Cache({ tenant: { kind: 'field', field: 'project' } })
    for (const project of ['', '.', '..', 'a/b', 'a\nb', 'x'.repeat(151), 'x'.repeat(5000)]) {
      const both: Array<Record<string, string>> = [{ cloud: 'c', project }, { project }]
      for (const values of both) assert.equal(cache.find(values), 'bad_tenant', JSON.stringify(values))
    }
    assert.equal(cache.find({ cloud: 'c' }), 'bad_tenant')
    assert.equal(cache.find({ project: 'good' }), 'no_labels')
  })
})

suite('long values', () => {
  test('are cut at 2,048 bytes between characters, and counted for each record and label', () => {
    const cache = new Cache({ labels: mappings('a=host,b=host,cloud') })
    const host = 'é'.repeat(2000)
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(labelsOf(cache.stream({ host, cloud: 'c' })), { a: 'é'.repeat(1024), b: 'é'.repeat(1024), cloud: 'c' })
      assert.equal(cache.streams.cuts, 2)
    }
    cache.stream({ cloud: 'c' })
    assert.equal(cache.streams.cuts, 0)
  })

  test('values that are equal once cut share a stream, and only those that were cut are counted', () => {
    const cache = new Cache()
    const fits = cache.stream({ host: 'x'.repeat(2048) })
    assert.equal(cache.streams.cuts, 0)
    assert.equal(cache.stream({ host: 'x'.repeat(2049) }), fits)
    assert.equal(cache.streams.cuts, 1)
    assert.equal(cache.stream({ host: 'x'.repeat(2048) }), fits)
    assert.equal(cache.streams.cuts, 0)
  })
})

test('the quarantine stream is one by its labels and tenant', () => {
  const { streams } = new Cache()
  const labels = '{quarantine="empty", source="lokean"}'
  assert.equal(streams.quarantine(labels, 'a'), streams.quarantine(labels, 'a'))
  assert.notEqual(streams.quarantine(labels, 'a'), streams.quarantine(labels, 'b'))
  assert.equal(Buffer.from(streams.quarantine(labels, 'a').labels).toString(), labels)
})

suite('trimming', () => {
  /** Whether the cache has forgotten the stream of `values`, which it knew as `before`; what it says of them must stay the same. */
  const forgot = (cache: Cache, values: Record<string, string>, before: Stream): boolean => {
    const after = cache.stream(values)
    assert.deepEqual(
      { labels: after.labels, tenant: after.tenant, shard: after.shard, head: after.head },
      { labels: before.labels, tenant: before.tenant, shard: before.shard, head: -1 })
    return after !== before
  }

  test('a cache below its bounds keeps its streams', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    for (let i = 0; i < 10_000; i++) cache.find({ host: `h${i}` })
    cache.streams.trim()
    assert.equal(forgot(cache, { host: 'h' }, before), false)
  })

  test('too many streams make it start anew', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    for (let i = 0; i < 65_536; i++) cache.find({ host: `h${i}` })
    assert.equal(cache.stream({ host: 'h' }), before, 'but not in the middle of a batch')
    cache.streams.trim()
    assert.equal(forgot(cache, { host: 'h' }, before), true)
    const again = cache.stream({ host: 'h' })
    cache.streams.trim()
    assert.equal(forgot(cache, { host: 'h' }, again), false)
  })

  test('a few streams with names of megabytes do, too', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    for (let i = 0; i < 9; i++) cache.find({ host: `${i}${'x'.repeat(4 * 1024 * 1024)}` })
    cache.streams.trim()
    assert.equal(forgot(cache, { host: 'h' }, before), true)
  })
})
