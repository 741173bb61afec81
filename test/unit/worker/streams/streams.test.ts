import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { EncoderSettings } from '../../../../src/worker/messages.ts'
import { ActiveStreams } from '../../../../src/worker/streams/active-streams.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { type NoStreamReason, StreamCache } from '../../../../src/worker/streams/streams.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { parseSelector } from '../../../helpers/selector.ts'
import { encoderSettings, lay, mappings } from '../../../helpers/worker-fixtures.ts'

class Cache {
  readonly #kernel = new Kernel()
  readonly #fields: Fields
  readonly streams: StreamCache

  constructor (overrides: Partial<EncoderSettings> = {}, maxKeyBytes?: number) {
    const settings = encoderSettings({ labels: mappings('cloud,host,app=source'), ...overrides })
    this.#fields = new Fields(settings, this.#kernel)
    this.streams = new StreamCache(settings, this.#fields, this.#kernel, maxKeyBytes)
  }

  /**
   * Finds the stream of a record with these fields. In the kernel's memory each value lies behind `padding` and before
   * `behind`.
   */
  find (values: Record<string, string>, padding = 'before', behind = '~'): Stream | NoStreamReason {
    const texts = Object.entries(values).map(([name, value]) => ({ slot: this.#fields.slot(name), value: Buffer.from(value) }))
    let [at] = lay(this.#kernel, Buffer.concat(texts.flatMap(({ value }) => [Buffer.from(padding), value, Buffer.from(behind)])))
    this.#fields.clear()
    for (const { slot, value } of texts) {
      at += Buffer.byteLength(padding)
      this.#fields.set(slot, at, at + value.length)
      at += value.length + Buffer.byteLength(behind)
    }
    return this.streams.find()
  }

  /**
   * Finds the streams of so many hosts, `host0` and on, which lie one behind the other. The look-ups are its only cost.
   */
  findHosts (host: string, count: number): void {
    const hosts = Array.from({ length: count }, (_, i) => `${host}${i}`)
    const slot = this.#fields.slot('host')
    let [at] = lay(this.#kernel, hosts.join(''))
    for (const { length } of hosts) {
      this.#fields.clear()
      this.#fields.set(slot, at, at += length)
      this.streams.find()
    }
  }

  stream (values: Record<string, string>, padding?: string, behind?: string): Stream {
    const stream = this.find(values, padding, behind)
    assert.ok(stream instanceof Stream, String(stream))
    return stream
  }
}

const labelsOf = (stream: Stream): Record<string, string> => parseSelector(Buffer.from(stream.labels).toString())
const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('', 'a', 'b', 'ab', '"', '\0', '\n'))
const record = fc.record({ cloud: value, host: value, source: value }, { requiredKeys: [] })
const around = fc.constantFrom('', 'x', '\0', '1234567', 'é', '"'.repeat(20))
const room = fc.constantFrom(undefined, 0, 60, 500)

test('any records: one stream for each set of labels, the same object each time, wherever the values lie, whether there is room to remember or not', () => {
  fc.assert(fc.property(fc.array(fc.tuple(record, around, around), { minLength: 1, maxLength: 20 }), room, (records, keyBytes) => {
    const cache = new Cache({}, keyBytes)
    const byLabels = new Map<string, Stream | NoStreamReason>()
    for (const [values, before, behind] of [...records, ...records]) {
      const stream = cache.find(values, before, behind)
      const [cloud, host, source] = [
        values.cloud ?? '', values.host ?? '', values.source ?? ''
      ].map(value => value.replaceAll('\ufffd', '?'))
      const expected = Object.fromEntries(Object.entries({ cloud, host, app: source }).filter(([, one]) => one !== ''))
      const key = JSON.stringify([cloud, host, source])
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
    { cloud: 'ab', host: 'c' }, { cloud: 'a', host: 'bc' }, { cloud: 'abc' }, { host: 'abc' }, { cloud: 'a\0', host: 'bc' },
    { cloud: 'a', host: '\0bc' }
  ]
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
    assert.equal(other.stream({ cloud: 'c', host: `h${i}` }, 'elsewhere').shard, shard)
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

test('values of every length that differ in their last bytes only, or are one byte longer, are kept apart; what follows them plays no part', () => {
  const cache = new Cache()
  for (let length = 1; length <= 40; length++) {
    const values = ['', 'y', 'é'].flatMap(more => Array.from({ length: Math.min(length, 9) }, (_, back) => {
      const text = 'x'.repeat(length)
      return `${text.slice(0, length - back - 1)}z${text.slice(length - back)}${more}`
    }))
    const streams = values.map(host => cache.stream({ host, cloud: 'c' }, '', 'zzzzzzzz'))
    assert.equal(new Set(streams).size, values.length)
    assert.deepEqual(values.map(host => cache.stream({ host, cloud: 'c' }, 'x', '\0')), streams)
  }
})

suite('long values', () => {
  test('of about 2,048 bytes that differ in the last that counts, or in none', () => {
    const cache = new Cache()
    for (let length = 2030; length <= 2060; length++) {
      const [one, other] = ['a', 'b'].map(end => cache.stream({ host: 'x'.repeat(length - 1) + end }))
      assert.equal(one === other, length > 2048, String(length))
      assert.equal(cache.streams.cuts, length > 2048 ? 1 : 0)
      assert.equal(cache.stream({ host: `${'x'.repeat(length - 1)}a` }, '', 'zzz'), one)
      assert.equal(labelsOf(one).host, `${'x'.repeat(length - 1)}a`.slice(0, 2048))
    }
  })

  test('a character of each width across the cut', () => {
    const cache = new Cache()
    for (const character of ['é', '日', '\u{1f600}']) {
      for (let before = 2010; before <= 2050; before++) {
        const host = 'x'.repeat(before) + character.repeat(4)
        let cut = host
        while (Buffer.byteLength(cut) > 2048) cut = [...cut].slice(0, -1).join('')
        assert.equal(labelsOf(cache.stream({ host })).host, cut)
      }
    }
  })

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
    const before = cache.stream({ host: 'h' })
    cache.findHosts('h', 10_000)
    cache.streams.begin('a')
    assert.equal(forgot(cache, { host: 'h' }, before), false)
  })

  const others = (cache: Cache, wave: string): void => cache.findHosts(wave, 65_536)

  test('too many streams drive out those that were not needed since it was last full, between batches', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    others(cache, 'a')
    assert.equal(cache.stream({ host: 'h' }), before)
    cache.streams.begin('a')
    others(cache, 'b')
    assert.equal(cache.stream({ host: 'h' }), before, 'kept: needed in between')
    cache.streams.begin('a')
    others(cache, 'c')
    cache.streams.begin('a')
    assert.equal(forgot(cache, { host: 'h' }, before), true)
  })

  test('what is needed all the time is kept, however many come and go', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    for (const wave of ['a', 'b', 'c', 'd']) {
      others(cache, wave)
      assert.equal(cache.stream({ host: 'h' }), before)
      cache.streams.begin('a')
    }
    assert.equal(forgot(cache, { host: 'h' }, before), false)
  })

  test('a few streams with names of megabytes do not: no more of a name is kept than a label has', () => {
    const cache = new Cache()
    const before = cache.stream({ host: 'h' })
    for (let i = 0; i < 9; i++) cache.find({ host: `${i}${'x'.repeat(4 * 1024 * 1024)}` })
    cache.streams.begin('a')
    assert.equal(forgot(cache, { host: 'h' }, before), false)
  })

  test('no room for more names does, too', () => {
    const cache = new Cache({}, 64 * 1024)
    const before = cache.stream({ host: 'h' })
    const find = (): Stream[] => Array.from({ length: 40 }, (_, i) => cache.stream({ host: `${i}${'x'.repeat(5000)}` }))
    const long = find()
    assert.equal(new Set(long).size, long.length)
    assert.deepEqual(find(), long, 'until then each has the stream that it had, remembered or not')
    assert.equal(cache.stream({ host: 'h' }), before)
    cache.streams.begin('a')
    assert.deepEqual(find(), long, 'what is needed again is kept')
    cache.streams.begin('a')
    assert.equal(forgot(cache, { host: 'h' }, before), true)
  })
})

suite('addresses that say something of their records', () => {
  const origins = [
    { address: 'a', labels: [{ name: 'cloud', value: 'cloudA' }, { name: 'zone', value: 'z"1' }], tenant: 'a' },
    { address: 'b', labels: [{ name: 'cloud', value: 'cloudB' }], tenant: undefined },
    { address: 'c', labels: [], tenant: 'c' }
  ]
  const from = (cache: Cache, address: string, values: Record<string, string>): Stream => {
    cache.streams.begin(address)
    return cache.stream(values)
  }

  test('what they say takes the place of what the records say, and comes beside it', () => {
    const cache = new Cache({ origins })
    const values = { cloud: 'cloud1', host: 'h' }
    // The round is repeated: what the kernel learnt of one address must not hold for another.
    for (let round = 0; round < 2; round++) {
      const seen = ['a', 'b', 'c', 'plain'].map(address => from(cache, address, values))
      assert.deepEqual(seen.map(stream => [stream.tenant, labelsOf(stream)]), [
        ['a', { cloud: 'cloudA', host: 'h', zone: 'z"1' }],
        ['', { cloud: 'cloudB', host: 'h' }],
        ['c', { cloud: 'cloud1', host: 'h' }],
        ['', { cloud: 'cloud1', host: 'h' }]
      ])
    }
  })

  test('labels of every stream take the place of the record\'s, and give way to the address\'s', () => {
    const lokiLabels = [{ name: 'cloud', value: 'every' }, { name: 'cluster', value: 'x' }]
    const cache = new Cache({ origins, lokiLabels })
    for (const [address, cloud] of [['a', 'cloudA'], ['c', 'every'], ['plain', 'every']]) {
      const { zone: _, ...labels } = labelsOf(from(cache, address, { cloud: 'cloud1', host: 'h' }))
      assert.deepEqual(labels, { cloud, cluster: 'x', host: 'h' }, address)
    }
    assert.deepEqual(labelsOf(cache.stream({ cloud: '', host: '' })), { cloud: 'every', cluster: 'x' })
  })

  test('a record without any label of its own has those of its address; of an address that has none it is refused as ever', () => {
    const cache = new Cache({ origins })
    assert.deepEqual(labelsOf(from(cache, 'b', { host: '' })), { cloud: 'cloudB' })
    for (const address of ['c', 'plain']) {
      cache.streams.begin(address)
      assert.equal(cache.find({}), 'no_labels')
    }
  })

  test('what a record says in vain makes no stream of its own, and counts as no cut', () => {
    const cache = new Cache({ origins })
    const stream = from(cache, 'a', { cloud: 'x', host: 'h' })
    assert.equal(cache.stream({ cloud: 'y', host: 'h' }), stream)
    assert.equal(cache.stream({ cloud: 'y'.repeat(5000), host: 'h' }), stream)
    assert.equal(cache.streams.cuts, 0)
    from(cache, 'b', { cloud: 'y'.repeat(5000), host: 'h'.repeat(5000) })
    assert.equal(cache.streams.cuts, 1)
  })

  test('with one tenant, equal labels are one stream, whichever address they come from', () => {
    const cache = new Cache({ origins })
    assert.equal(from(cache, 'plain', { cloud: 'cloudB', host: 'h' }), from(cache, 'b', { cloud: 'other', host: 'h' }))
  })

  test('a tenant of the address takes the place of the record\'s, which need not be one', () => {
    const cache = new Cache({ origins, tenant: { kind: 'field', field: 'cloud' } })
    assert.equal(from(cache, 'c', { cloud: 'no/tenant', host: 'h' }).tenant, 'c')
    assert.equal(from(cache, 'plain', { cloud: 'x', host: 'h' }).tenant, 'x')
    cache.streams.begin('plain')
    assert.equal(cache.find({ cloud: 'no/tenant', host: 'h' }), 'bad_tenant')
  })

  test('shards are those of the labels and tenant as they are stored', () => {
    const [one, plain] = [
      new Cache({ origins, shards: 64 }),
      new Cache({ tenant: { kind: 'fixed', tenant: 'a' }, labels: mappings('cloud,host,zone'), origins: [], shards: 64 })
    ]
    for (let i = 0; i < 50; i++) {
      const { shard } = from(one, 'a', { host: `h${i}` })
      assert.equal(plain.stream({ cloud: 'cloudA', host: `h${i}`, zone: 'z"1' }).shard, shard)
    }
  })

  test('each tenant has its own limit on streams', () => {
    const active = ActiveStreams.create(2, 64)
    const cache = new Cache({ origins, activeStreams: active.memory })
    const count = (address: string): number => {
      cache.streams.begin(address)
      return [1, 2, 3, 4].filter(i => cache.find({ host: `h${i}` }) instanceof Stream).length
    }
    assert.deepEqual([count('a'), count('c'), count('plain')], [2, 2, 2])
  })
})

suite('with a table of active streams', () => {
  const limited = (
    limit: number | undefined, overrides: Partial<EncoderSettings> = {}, slots = 64
  ): { active: ActiveStreams, one: Cache, other: Cache } => {
    const active = ActiveStreams.create(limit, slots)
    const settings = { ...overrides, activeStreams: active.memory }
    const [one, other] = [new Cache(settings), new Cache(settings)]
    for (const { streams } of [one, other]) streams.begin('a')
    return { active, one, other }
  }
  const hosts = (cache: Cache, from: number, to: number): Array<Stream | NoStreamReason> => Array.from(
    { length: to - from }, (_, i) => cache.find({ host: `h${from + i}` })
  )

  test('a tenant gets as many streams as it may have; those go on flowing, in each worker, and others are refused in each', () => {
    const { active, one, other } = limited(3)
    assert.ok(hosts(one, 0, 3).every(stream => stream instanceof Stream))
    for (const cache of [one, other, one]) {
      assert.deepEqual(hosts(cache, 0, 5).map(stream => stream instanceof Stream), [true, true, true, false, false])
      assert.equal(cache.find({ host: 'h4' }), 'too_many_streams')
    }
    assert.equal(active.count, 3)
  })

  test('the quarantine stream needs no place, and takes none', () => {
    const { active, one } = limited(1)
    const labels = '{quarantine="empty", source="lokean"}'
    const before = one.streams.quarantine(labels, '')
    assert.ok(hosts(one, 0, 1)[0] instanceof Stream)
    assert.equal(one.streams.quarantine(labels, ''), before)
    assert.equal(active.count, 1)
  })

  test('a stream that got no record for an hour loses its place, to whoever comes first, and is not let in again by a worker that still knows it', () => {
    const { active, one, other } = limited(1)
    assert.ok(hosts(one, 0, 1)[0] instanceof Stream)
    for (let minute = 0; minute <= 60; minute++) active.tick()
    other.streams.begin('a')
    assert.ok(hosts(other, 1, 2)[0] instanceof Stream)
    assert.ok(hosts(one, 0, 1)[0] instanceof Stream, 'what it is once, it is for a batch')
    one.streams.begin('a')
    assert.equal(hosts(one, 0, 1)[0], 'too_many_streams')
  })

  test('a stream with a record now and then keeps its place, whichever worker gets it', () => {
    const { active, one, other } = limited(1)
    for (let minute = 0; minute < 200; minute++) {
      const cache = minute % 2 === 0 ? one : other
      cache.streams.begin('a')
      if (minute % 50 < 2) assert.ok(hosts(cache, 0, 1)[0] instanceof Stream)
      active.tick()
    }
    one.streams.begin('a')
    assert.deepEqual(hosts(one, 1, 2), ['too_many_streams'])
  })

  test('however many are refused, those that are not are kept', () => {
    const { one } = limited(1)
    const before = one.stream({ host: 'h' })
    for (let i = 0; i < 100_000; i++) {
      one.find({ host: `h${i}` })
      if (i % 10_000 === 0) one.streams.begin('a')
    }
    assert.equal(one.stream({ host: 'h' }), before)
  })

  test('too many streams are reported once, by one worker, with the label that makes it', () => {
    const { one, other } = limited(10, { labels: mappings('cloud,host'), tenant: { kind: 'field', field: 'project' } })
    for (const cache of [one, other]) {
      for (let i = 0; i < 200; i++) cache.find({ host: `h"${i}\\`, cloud: `c${i % 3}`, project: 'p' })
      cache.find({ host: 'h', project: 'q' })
    }
    const [report, ...more] = [...one.streams.takeCardinalityReports(), ...other.streams.takeCardinalityReports()]
    assert.deepEqual(report, { tenant: 'p', streams: 11, newest: 11, values: [['host', 11], ['cloud', 3]] })
    assert.deepEqual(more, [])
    assert.deepEqual(one.streams.takeCardinalityReports(), [])
  })

  test('without a limit, too many are more than Loki takes by default; all of it flows', () => {
    const { active, one } = limited(undefined, {}, 32_768)
    const { streams } = one
    for (let i = 0; i < 5000; i++) assert.ok(one.find({ host: `h${i}`, cloud: 'c' }) instanceof Stream)
    assert.deepEqual(streams.takeCardinalityReports(), [])
    for (let i = 5000; i < 5100; i++) assert.ok(one.find({ host: `h${i}`, cloud: 'c' }) instanceof Stream)
    assert.deepEqual(streams.takeCardinalityReports(), [{ tenant: '', streams: 5001, newest: 100, values: [['host', 100], ['cloud', 1]] }])
    assert.equal(active.count, 5100)
  })

  test('of the newest streams alone, refused ones among them', () => {
    const { active, one } = limited(500, { labels: mappings('cloud,host') })
    for (let i = 0; i < 500; i++) one.find({ cloud: `c${i}`, host: 'h' })
    for (let i = 0; i <= 11; i++) active.tick()
    one.find({ cloud: 'c', host: 'first' })
    assert.deepEqual(one.streams.takeCardinalityReports()[0]?.values[0], ['cloud', 100], 'until then it was the cloud')
    for (let i = 0; i < 200; i++) one.find({ cloud: 'c', host: `h${i}` })
    for (let i = 0; i <= 11; i++) active.tick()
    one.find({ cloud: 'c', host: 'last' })
    assert.deepEqual(
      one.streams.takeCardinalityReports(), [{ tenant: '', streams: 501, newest: 100, values: [['host', 100], ['cloud', 1]] }]
    )
  })
})
