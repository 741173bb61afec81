import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { ActiveStreams, IDLE_TICKS, LOKI_DEFAULT_LIMIT, WARN_TICKS, type Touch } from '../../../../src/worker/streams/active-streams.ts'
import type { Race, Raced } from './active-streams.worker.ts'

const touch = (streams: ActiveStreams, stream: number | string, tenant = ''): Touch => streams.touch(
  tenant, Buffer.from(`{host="${stream}"}`)
)
const pass = (streams: ActiveStreams, ticks: number): void => { for (let i = 0; i < ticks; i++) streams.tick() }

suite('in one thread', () => {
  test('a stream is counted once', () => {
    const streams = ActiveStreams.create(undefined, 64)
    assert.deepEqual(['a', 'b', 'a', 'a'].map(stream => touch(streams, stream)), ['new', 'new', 'known', 'known'])
    assert.equal(streams.count, 2)
  })

  test('labels and tenant make the stream, and do not run into one another', () => {
    const streams = ActiveStreams.create(undefined, 64)
    for (const [tenant, labels] of [['', 'ab'], ['a', 'b'], ['ab', ''], ['', 'a\0b'], ['a\0', 'b']]) {
      assert.equal(streams.touch(tenant, Buffer.from(labels)), 'new')
    }
    assert.equal(streams.count, 5)
  })

  test('one tenant\'s limit is not another\'s', () => {
    const streams = ActiveStreams.create(10, 256)
    for (const tenant of ['a', 'b']) {
      for (let i = 0; i < 10; i++) assert.equal(touch(streams, i, tenant), 'new')
      for (let i = 10; i < 100; i++) assert.equal(touch(streams, i, tenant), 'over_limit')
      for (let i = 0; i < 10; i++) assert.equal(touch(streams, i, tenant), 'known')
    }
    assert.equal(streams.count, 20)
  })

  test('a table has room for a tenant\'s limit, and some', () => {
    const streams = ActiveStreams.create(20_000, 64)
    for (let i = 0; i < 20_000; i++) assert.equal(touch(streams, i), 'new')
    assert.deepEqual([streams.count, touch(streams, 'one more')], [20_000, 'over_limit'])
  })

  test('an idle stream makes room, and no other does', () => {
    const streams = ActiveStreams.create(2, 64)
    touch(streams, 'idle')
    touch(streams, 'busy')
    for (let i = 0; i < IDLE_TICKS; i++) {
      streams.tick()
      assert.equal(touch(streams, 'busy'), 'known')
      assert.equal(touch(streams, 'more'), 'over_limit')
    }
    streams.tick()
    assert.deepEqual([
      streams.count, touch(streams, 'more'), touch(streams, 'idle'), touch(streams, 'busy')
    ], [1, 'new', 'over_limit', 'known'])
    pass(streams, IDLE_TICKS + 1)
    assert.equal(streams.count, 0)
  })

  test('any streams, at any time: known or refused as a plain list would have it', () => {
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.record({ tenant: fc.constantFrom('', 'a', 'b'), stream: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.record({ ticks: fc.integer({ min: 1, max: IDLE_TICKS + 5 }) }) }
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 8 }), (steps, limit) => {
      const streams = ActiveStreams.create(limit, 256)
      const model = new Map<string, number>()
      let now = 0
      for (const one of steps) {
        if ('ticks' in one) {
          pass(streams, one.ticks)
          now += one.ticks
          for (const [key, seen] of model) if (seen < now - IDLE_TICKS) model.delete(key)
        } else {
          const key = `${one.tenant} ${one.stream}`
          const mine = [...model.keys()].filter(other => other.startsWith(`${one.tenant} `)).length
          const expected = model.has(key) ? 'known' : limit > 0 && mine >= limit ? 'over_limit' : 'new'
          assert.equal(touch(streams, one.stream, one.tenant), expected)
          if (expected !== 'over_limit') model.set(key, now)
        }
        assert.equal(streams.count, model.size)
      }
    }), { numRuns: 40 })
  })

  test('a full table admits what it cannot count, and its streams make room like any others', () => {
    const streams = ActiveStreams.create(undefined, 64)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 1000; i++) assert.notEqual(touch(streams, i), 'over_limit')
      assert.equal(streams.count, 64)
      for (let i = 0; i < 1000; i++) assert.notEqual(touch(streams, i), 'over_limit')
      assert.equal(streams.count, 64)
      pass(streams, IDLE_TICKS + 1)
      assert.equal(streams.count, 0)
    }
  })

  test('a slot that a dead thread has claimed holds up a stream for moments only', () => {
    const streams = ActiveStreams.create(2, 64)
    // Each slot is in the state between a claim and its end. The states are the words behind the accounts.
    const states = new Int32Array(streams.memory, streams.memory.byteLength - 4 * 6 * 64, 64)
    states.fill(-2)
    assert.equal(touch(streams, 'a'), 'new', 'though it cannot be counted')
    for (let slot = 0; slot < 64; slot += 2) states[slot] = 0
    assert.deepEqual([
      touch(streams, 'b'), touch(streams, 'b'), touch(streams, 'c'), touch(streams, 'd')
    ], ['new', 'known', 'new', 'over_limit'])
  })

  test('a stored stream is known to all, until its slot has another stream', () => {
    const streams = ActiveStreams.create(undefined, 64)
    const another = new ActiveStreams(streams.memory)
    touch(streams, 'a')
    const place = streams.placeOf(streams.slot)
    assert.equal(another.shown.of(place.slot), 0)
    another.stored(place, 100)
    assert.equal(streams.shown.of(place.slot), 100)
    another.stored({ ...place, id: place.id + 1 }, 200)
    assert.equal(streams.shown.of(place.slot), 100, 'another stream was meant')
    pass(streams, IDLE_TICKS + 1)
    touch(streams, 'a')
    assert.equal(streams.shown.of(streams.slot), 0, 'it was idle for so long that it is new again')
  })

  test('the newest time of a stream is what any has raised it to, is forgotten with the stream, and never falls', () => {
    const streams = ActiveStreams.create(undefined, 64)
    const another = new ActiveStreams(streams.memory)
    touch(streams, 'a')
    const { slot } = streams
    assert.equal(streams.newest.of(slot), 0)
    streams.newest.raise(slot, 100)
    assert.equal(touch(another, 'a'), 'known')
    assert.equal(another.slot, slot)
    for (const [seconds, newest] of [[99, 100], [2 ** 31 + 5, 2 ** 31 + 5], [2 ** 31, 2 ** 31 + 5]]) {
      another.newest.raise(slot, seconds)
      assert.equal(streams.newest.of(slot), newest)
    }
    touch(streams, 'b')
    assert.equal(streams.newest.of(streams.slot), 0, 'another stream')
    pass(streams, IDLE_TICKS + 1)
    touch(streams, 'a')
    assert.deepEqual([streams.slot, streams.newest.of(slot)], [slot, 0])
  })

  test('a stream that is not in the table has no time', () => {
    const streams = ActiveStreams.create(1, 64)
    touch(streams, 'a')
    assert.equal(touch(streams, 'b'), 'over_limit')
    assert.equal(streams.slot, -1)
    streams.newest.raise(-1, 100)
    assert.equal(streams.newest.of(-1), 0)
  })

  test('too many are told of once in a while: beyond the limit, or what Loki takes by default', () => {
    for (const [limit, most] of [[undefined, LOKI_DEFAULT_LIMIT], [7, 7]] as const) {
      const streams = ActiveStreams.create(limit, 16_384)
      const told = (stream: number | string): number | undefined => streams.tooMany('', touch(streams, stream))
      for (let i = 0; i < most; i++) assert.equal(told(i), undefined)
      assert.equal(told('one more'), most + 1)
      assert.deepEqual([told('and another'), streams.tooMany('other', touch(streams, 'x', 'other'))], [undefined, undefined])
      pass(streams, WARN_TICKS - 1)
      assert.equal(told('still too soon'), undefined)
      streams.tick()
      assert.equal(told('again'), limit === undefined ? most + 4 : most + 1)
    }
  })
})

suite('at any moment within one thread\'s work comes another\'s', () => {
  /**
   * Does `work`, and `other` just before operation number `moment` on shared memory. Returns false where there are
   * fewer operations.
   */
  function interrupt (t: TestContext, moment: number, work: () => void, other: () => void): boolean {
    let left = moment
    const methods = (['load', 'store', 'add', 'sub', 'compareExchange'] as const).map(name => {
      const method = Atomics[name] as (...args: unknown[]) => unknown
      return t.mock.method(Atomics, name, ((...args: unknown[]) => {
        if (left-- === 0) other()
        return method(...args)
      }) as never)
    })
    work()
    for (const { mock } of methods) mock.restore()
    return left < 0
  }

  for (const [what, before] of [['new', []], ['idle', ['a']], ['idle, as is another one', ['a', 'b']]] as const) {
    test(`a sweep while a stream is touched that is ${what}`, t => {
      for (let moment = 0, more = true; more; moment++) {
        const streams = ActiveStreams.create(2, 64)
        for (const stream of before) touch(streams, stream)
        pass(streams, IDLE_TICKS)
        let result: Touch | undefined
        more = interrupt(t, moment, () => { result = touch(streams, 'a') }, () => streams.tick())
        assert.notEqual(result, 'over_limit')
        assert.deepEqual([
          touch(streams, 'a'), touch(streams, 'c'), touch(streams, 'd')
        ], before.length === 2 && !more ? ['known', 'over_limit', 'over_limit'] : ['known', 'new', 'over_limit'], `moment ${moment}`)
        pass(streams, IDLE_TICKS + 1)
        assert.equal(streams.count, 0)
        assert.deepEqual([touch(streams, 'e'), touch(streams, 'f'), touch(streams, 'g')], ['new', 'new', 'over_limit'])
      }
    })
  }

  test('a touch while idle streams are swept: what it found is there afterwards', t => {
    for (let moment = 0, more = true; more; moment++) {
      const streams = ActiveStreams.create(2, 64)
      for (const stream of ['a', 'b']) touch(streams, stream)
      pass(streams, IDLE_TICKS)
      let result: Touch | undefined
      more = interrupt(t, moment, () => streams.tick(), () => { result = touch(streams, 'b') })
      // Its hour had passed, so it may find itself forgotten while its place is not given back yet.
      if (more) assert.equal(touch(streams, 'b'), result === 'over_limit' ? 'new' : 'known', `moment ${moment}`)
      assert.equal(streams.count, more ? 1 : 0)
      pass(streams, IDLE_TICKS + 1)
      assert.equal(streams.count, 0)
    }
  })

  test('the last place, sought by two for the same stream and for two', t => {
    for (const rival of ['a', 'b']) {
      for (let moment = 0, more = true; more; moment++) {
        const streams = ActiveStreams.create(2, 64)
        touch(streams, 'here')
        const results: Touch[] = []
        const waits = t.mock.method(Atomics, 'wait').mock
        more = interrupt(t, moment, () => results.push(touch(streams, 'a')), () => results.push(touch(streams, rival)))
        assert.ok(streams.count === 2 && results.includes('new'), `moment ${moment}`)
        // Where the first thread is stopped within a claim, the other takes it for dead after a while and goes on.
        if (more && waits.callCount() === 0) assert.equal(results.includes('over_limit'), rival === 'b', `moment ${moment}`)
        waits.restore()
        pass(streams, IDLE_TICKS + 1)
        assert.equal(streams.count, 0)
      }
    }
  })
})

suite('in several threads at once', () => {
  const THREADS = 4

  /** Runs the same work in all threads at the same time, over and over. `during` runs here meanwhile. */
  async function race (
    streams: ActiveStreams, options: Omit<Race, 'memory' | 'start' | 'thread'>, during: () => void = () => {}
  ): Promise<Raced[]> {
    const start = new SharedArrayBuffer(4)
    const workers = Array.from({ length: THREADS }, (_, thread) => {
      const workerData: Race = { memory: streams.memory, start, thread, ...options }
      return new Worker(new URL(`./active-streams.worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url), { workerData })
    })
    const ticking = setInterval(during, 1)
    try {
      return await Promise.all(workers.map(async worker => {
        const gone = once(worker, 'exit')
        const [raced] = await once(worker, 'message') as [Raced]
        await gone
        return raced
      }))
    } finally {
      clearInterval(ticking)
    }
  }

  test('what one admits, all do; no tenant has more than its limit, nor less while there is more', async () => {
    const [limit, tenants] = [50, 3]
    const streams = ActiveStreams.create(limit)
    const raced = await race(streams, { rounds: 300, tenants, perRound: 1 })
    // In each round all threads bring the same new stream of each tenant.
    const admitted = raced.map(({ touches }) => touches.map(touch => touch !== 'over_limit'))
    for (const one of admitted) assert.deepEqual(one, admitted[0])
    assert.equal(admitted[0].filter(Boolean).length, limit * tenants)
    assert.equal(streams.count, limit * tenants)
    const counted = admitted[0].map((_, i) => raced.filter(({ touches }) => touches[i] === 'new').length)
    assert.deepEqual(counted, admitted[0].map(Number), 'and each was new to one of them')
  })

  test('all bring streams of their own: each place is given once', async () => {
    for (const limit of [undefined, 500]) {
      const streams = ActiveStreams.create(limit)
      const raced = await race(streams, { rounds: 100, tenants: 2, perRound: 20, own: true })
      const all = 100 * 20 * THREADS
      const admitted = raced.flatMap(({ touches }) => touches).filter(touch => touch === 'new').length
      assert.deepEqual([admitted, streams.count], limit === undefined ? [2 * all, 2 * all] : [2 * limit, 2 * limit])
      pass(streams, IDLE_TICKS + 1)
      assert.deepEqual([streams.count, touch(streams, 0, 't0')], [0, 'new'])
    }
  })

  test('without a limit each stream is counted once', async () => {
    const streams = ActiveStreams.create()
    await race(streams, { rounds: 200, tenants: 2, perRound: 20 })
    assert.equal(streams.count, 200 * 2 * 20)
  })

  test('while streams expire under them, no count goes astray', async () => {
    const limit = 30
    const streams = ActiveStreams.create(limit, 256)
    let most = 0
    await race(streams, { rounds: 2000, tenants: 2, perRound: 3, free: true }, () => {
      pass(streams, 100)
      most = Math.max(most, streams.count)
    })
    assert.ok(most <= 2 * limit, `there were ${most}`)
    pass(streams, IDLE_TICKS + 1)
    assert.equal(streams.count, 0)
    for (const tenant of ['t0', 't1']) {
      for (let i = 0; i < limit; i++) assert.equal(touch(streams, i, tenant), 'new', 'all places are there again')
      assert.equal(touch(streams, limit, tenant), 'over_limit')
    }
  })
})
