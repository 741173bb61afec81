import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ActiveStreams } from '../../../../src/worker/streams/active-streams.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { mappings } from '../../../helpers/worker-fixtures.ts'
import { Cache, labelsOf } from './cache.ts'

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
    const values = { cloud: 'cloud1', rack: 'h' }
    // The round is repeated: what the kernel learnt of one address must not hold for another.
    for (let round = 0; round < 2; round++) {
      const seen = ['a', 'b', 'c', 'plain'].map(address => from(cache, address, values))
      assert.deepEqual(seen.map(stream => [stream.tenant, labelsOf(stream)]), [
        ['a', { cloud: 'cloudA', rack: 'h', zone: 'z"1' }],
        ['', { cloud: 'cloudB', rack: 'h' }],
        ['c', { cloud: 'cloud1', rack: 'h' }],
        ['', { cloud: 'cloud1', rack: 'h' }]
      ])
    }
  })

  test('labels of every stream take the place of the record\'s, and give way to the address\'s', () => {
    const lokiLabels = [{ name: 'cloud', value: 'every' }, { name: 'cluster', value: 'x' }]
    const cache = new Cache({ origins, lokiLabels })
    for (const [address, cloud] of [['a', 'cloudA'], ['c', 'every'], ['plain', 'every']]) {
      const { zone: _, ...labels } = labelsOf(from(cache, address, { cloud: 'cloud1', rack: 'h' }))
      assert.deepEqual(labels, { cloud, cluster: 'x', rack: 'h' }, address)
    }
    assert.deepEqual(labelsOf(cache.stream({ cloud: '', rack: '' })), { cloud: 'every', cluster: 'x' })
  })

  test('a record without any label of its own has those of its address; of an address that has none it is refused as ever', () => {
    const cache = new Cache({ origins })
    assert.deepEqual(labelsOf(from(cache, 'b', { rack: '' })), { cloud: 'cloudB' })
    for (const address of ['c', 'plain']) {
      cache.streams.begin(address)
      assert.equal(cache.find({}), 'no_labels')
    }
  })

  test('what a record says in vain makes no stream of its own, and counts as no cut', () => {
    const cache = new Cache({ origins })
    const stream = from(cache, 'a', { cloud: 'x', rack: 'h' })
    assert.equal(cache.stream({ cloud: 'y', rack: 'h' }), stream)
    assert.equal(cache.stream({ cloud: 'y'.repeat(5000), rack: 'h' }), stream)
    assert.equal(cache.streams.cuts, 0)
    from(cache, 'b', { cloud: 'y'.repeat(5000), rack: 'h'.repeat(5000) })
    assert.equal(cache.streams.cuts, 1)
  })

  test('with one tenant, equal labels are one stream, whichever address they come from', () => {
    const cache = new Cache({ origins })
    assert.equal(from(cache, 'plain', { cloud: 'cloudB', rack: 'h' }), from(cache, 'b', { cloud: 'other', rack: 'h' }))
  })

  test('a tenant of the address takes the place of the record\'s, which need not be one', () => {
    const cache = new Cache({ origins, tenant: { kind: 'field', field: 'cloud' } })
    assert.equal(from(cache, 'c', { cloud: 'no/tenant', rack: 'h' }).tenant, 'c')
    assert.equal(from(cache, 'plain', { cloud: 'x', rack: 'h' }).tenant, 'x')
    cache.streams.begin('plain')
    assert.equal(cache.find({ cloud: 'no/tenant', rack: 'h' }), 'bad_tenant')
  })

  test('shards are those of the labels and tenant as they are stored', () => {
    const [one, plain] = [
      new Cache({ origins, shards: 64 }),
      new Cache({ tenant: { kind: 'fixed', tenant: 'a' }, labels: mappings('cloud,rack,zone'), origins: [], shards: 64 })
    ]
    for (let i = 0; i < 50; i++) {
      const { shard } = from(one, 'a', { rack: `h${i}` })
      assert.equal(plain.stream({ cloud: 'cloudA', rack: `h${i}`, zone: 'z"1' }).shard, shard)
    }
  })

  test('each tenant has its own limit on streams', () => {
    const active = ActiveStreams.create(2, 64)
    const cache = new Cache({ origins, activeStreams: active.memory })
    const count = (address: string): number => {
      cache.streams.begin(address)
      return [1, 2, 3, 4].filter(i => cache.find({ rack: `h${i}` }) instanceof Stream).length
    }
    assert.deepEqual([count('a'), count('c'), count('plain')], [2, 2, 2])
  })
})
