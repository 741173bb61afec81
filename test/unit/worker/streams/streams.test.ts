import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import type { NoStreamReason } from '../../../../src/worker/streams/streams.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { mappings } from '../../../helpers/worker-fixtures.ts'
import { Cache, labelsOf } from './cache.ts'

const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('', 'a', 'b', 'ab', '"', '\0', '\n'))
const record = fc.record({ cloud: value, rack: value, program: value }, { requiredKeys: [] })
const around = fc.constantFrom('', 'x', '\0', '1234567', 'é', '"'.repeat(20))
const room = fc.constantFrom(undefined, 0, 60, 500)

test('any records: one stream for each set of labels, the same object each time, wherever the values lie, whether there is room to remember or not', () => {
  fc.assert(fc.property(fc.array(fc.tuple(record, around, around), { minLength: 1, maxLength: 20 }), room, (records, keyBytes) => {
    const cache = new Cache({}, keyBytes)
    const byLabels = new Map<string, Stream | NoStreamReason>()
    for (const [values, before, behind] of [...records, ...records]) {
      const stream = cache.find(values, before, behind)
      const [cloud, rack, program] = [
        values.cloud ?? '', values.rack ?? '', values.program ?? ''
      ].map(value => value.replaceAll('\ufffd', '?'))
      const expected = Object.fromEntries(Object.entries({ cloud, rack, app: program }).filter(([, one]) => one !== ''))
      const key = JSON.stringify([cloud, rack, program])
      if (Object.keys(expected).length === 0) assert.equal(stream, 'no_labels')
      else assert.deepEqual(labelsOf(stream as Stream), expected)
      assert.equal(stream, byLabels.get(key) ?? stream)
      byLabels.set(key, stream)
    }
    const streams = [...byLabels.values()].filter(stream => stream instanceof Stream)
    assert.equal(new Set(streams).size, streams.length, 'and another for other labels')
  }), { numRuns: scaled(250) })
})

test('values that run into one another are kept apart', () => {
  const cache = new Cache()
  const all: Array<Record<string, string>> = [
    { cloud: 'ab', rack: 'c' }, { cloud: 'a', rack: 'bc' }, { cloud: 'abc' }, { rack: 'abc' }, { cloud: 'a\0', rack: 'bc' },
    { cloud: 'a', rack: '\0bc' }
  ]
  assert.equal(new Set(all.map(values => cache.stream(values))).size, all.length)
})

test('an empty value is as good as none', () => {
  const cache = new Cache()
  assert.equal(cache.stream({ cloud: 'c', rack: '' }), cache.stream({ cloud: 'c' }))
})

test('two caches, as in two workers, put a stream on the same shard; and streams spread', () => {
  const [one, other] = [new Cache({ shards: 8 }), new Cache({ shards: 8 })]
  const shards = new Set<number>()
  for (let i = 0; i < 200; i++) {
    const { shard } = one.stream({ cloud: 'c', rack: `h${i}` })
    assert.equal(other.stream({ cloud: 'c', rack: `h${i}` }, 'elsewhere').shard, shard)
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
    assert.equal(new Cache({ tenant: { kind: 'field', field: 'cloud' } }).stream({ cloud: 'c', rack: 'h' }).tenant, 'c')
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

test('values of every length that differ in their last bytes only, or are one byte longer, are kept apart; what follows them plays no part', () => {
  const cache = new Cache()
  for (let length = 1; length <= 40; length++) {
    const values = ['', 'y', 'é'].flatMap(more => Array.from({ length: Math.min(length, 9) }, (_, back) => {
      const text = 'x'.repeat(length)
      return `${text.slice(0, length - back - 1)}z${text.slice(length - back)}${more}`
    }))
    const streams = values.map(rack => cache.stream({ rack, cloud: 'c' }, '', 'zzzzzzzz'))
    assert.equal(new Set(streams).size, values.length)
    assert.deepEqual(values.map(rack => cache.stream({ rack, cloud: 'c' }, 'x', '\0')), streams)
  }
})

suite('long values', () => {
  test('of about 2,048 bytes that differ in the last that counts, or in none', () => {
    const cache = new Cache()
    for (let length = 2030; length <= 2060; length++) {
      const [one, other] = ['a', 'b'].map(end => cache.stream({ rack: 'x'.repeat(length - 1) + end }))
      assert.equal(one === other, length > 2048, String(length))
      assert.equal(cache.streams.cuts, length > 2048 ? 1 : 0)
      assert.equal(cache.stream({ rack: `${'x'.repeat(length - 1)}a` }, '', 'zzz'), one)
      assert.equal(labelsOf(one).rack, `${'x'.repeat(length - 1)}a`.slice(0, 2048))
    }
  })

  test('a character of each width across the cut', () => {
    const cache = new Cache()
    for (const character of ['é', '日', '\u{1f600}']) {
      for (let before = 2010; before <= 2050; before++) {
        const rack = 'x'.repeat(before) + character.repeat(4)
        let cut = rack
        while (Buffer.byteLength(cut) > 2048) cut = [...cut].slice(0, -1).join('')
        assert.equal(labelsOf(cache.stream({ rack })).rack, cut)
      }
    }
  })

  test('are cut at 2,048 bytes between characters, and counted for each record and label', () => {
    const cache = new Cache({ labels: mappings('a=rack,b=rack,cloud') })
    const rack = 'é'.repeat(2000)
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(labelsOf(cache.stream({ rack, cloud: 'c' })), { a: 'é'.repeat(1024), b: 'é'.repeat(1024), cloud: 'c' })
      assert.equal(cache.streams.cuts, 2)
    }
    cache.stream({ cloud: 'c' })
    assert.equal(cache.streams.cuts, 0)
  })

  test('values that are equal once cut share a stream, and only those that were cut are counted', () => {
    const cache = new Cache()
    const fits = cache.stream({ rack: 'x'.repeat(2048) })
    assert.equal(cache.streams.cuts, 0)
    assert.equal(cache.stream({ rack: 'x'.repeat(2049) }), fits)
    assert.equal(cache.streams.cuts, 1)
    assert.equal(cache.stream({ rack: 'x'.repeat(2048) }), fits)
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
  /** Whether the cache has forgotten the stream `before`. What the cache says of `values` must stay the same. */
  const forgot = (cache: Cache, values: Record<string, string>, before: Stream): boolean => {
    const after = cache.stream(values)
    assert.deepEqual(
      { labels: after.labels, tenant: after.tenant, shard: after.shard, head: after.head },
      { labels: before.labels, tenant: before.tenant, shard: before.shard, head: -1 })
    return after !== before
  }

  test('a cache below its bounds keeps its streams', () => {
    const cache = new Cache()
    const before = cache.stream({ rack: 'h' })
    cache.findRacks('h', 10_000)
    cache.streams.begin('a')
    assert.equal(forgot(cache, { rack: 'h' }, before), false)
  })

  const others = (cache: Cache, wave: string): void => cache.findRacks(wave, 65_536)

  test('too many streams drive out those that were not needed since it was last full, between batches', () => {
    const cache = new Cache()
    const before = cache.stream({ rack: 'h' })
    others(cache, 'a')
    assert.equal(cache.stream({ rack: 'h' }), before)
    cache.streams.begin('a')
    others(cache, 'b')
    assert.equal(cache.stream({ rack: 'h' }), before, 'kept: needed in between')
    cache.streams.begin('a')
    others(cache, 'c')
    cache.streams.begin('a')
    assert.equal(forgot(cache, { rack: 'h' }, before), true)
  })

  test('what is needed all the time is kept, however many come and go', () => {
    const cache = new Cache()
    const before = cache.stream({ rack: 'h' })
    for (const wave of ['a', 'b', 'c', 'd']) {
      others(cache, wave)
      assert.equal(cache.stream({ rack: 'h' }), before)
      cache.streams.begin('a')
    }
    assert.equal(forgot(cache, { rack: 'h' }, before), false)
  })

  test('a few streams with names of megabytes do not: no more of a name is kept than a label has', () => {
    const cache = new Cache()
    const before = cache.stream({ rack: 'h' })
    for (let i = 0; i < 9; i++) cache.find({ rack: `${i}${'x'.repeat(4 * 1024 * 1024)}` })
    cache.streams.begin('a')
    assert.equal(forgot(cache, { rack: 'h' }, before), false)
  })

  test('no room for more names does, too', () => {
    const cache = new Cache({}, 64 * 1024)
    const before = cache.stream({ rack: 'h' })
    const find = (): Stream[] => Array.from({ length: 40 }, (_, i) => cache.stream({ rack: `${i}${'x'.repeat(5000)}` }))
    const long = find()
    assert.equal(new Set(long).size, long.length)
    assert.deepEqual(find(), long, 'until then each has the stream that it had, remembered or not')
    assert.equal(cache.stream({ rack: 'h' }), before)
    cache.streams.begin('a')
    assert.deepEqual(find(), long, 'what is needed again is kept')
    cache.streams.begin('a')
    assert.equal(forgot(cache, { rack: 'h' }, before), true)
  })
})
