import { mock, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Ticket } from '../../../src/ack/ticket.ts'
import type { Answer, RetryReason } from '../../../src/sink/classify.ts'
import { Shard } from '../../../src/sink/shard.ts'
import type { Attempt } from '../../../src/sink/shard-tools.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { turn } from '../../helpers/until.ts'

const STORED: Answer = { kind: 'stored', status: 204 }
const MOST = 8

interface Push { names: string[], answered: boolean, answer: (answer: Answer) => Promise<void> }

/** What stands before a dot. */
function streamOf (name: string): number {
  return Buffer.from(name.replace(/\..*/, '')).reduce((hash, byte) => hash * 31 + byte, 0)
}

/** A shard with parts known by name. A name in upper case makes the part solo; `A.1` and `A.2` are of one stream. */
class Bench {
  readonly pushes: Push[] = []
  readonly resolved: string[] = []
  idle = 0
  readonly #names = new Map<Part, string>()
  readonly shard = new Shard('t', 3, {
    pushBytes: 1000,
    hold: () => undefined,
    limit: () => Infinity,
    limited: () => false,
    isSolo: part => part.solo,
    halve: async () => { throw new Error('nothing is too large here') },
    setAside: () => { throw new Error('nothing is held here') },
    now: () => 0,
    pause: () => 100,
    onIdle: () => { this.idle++ },
    forget: () => {},
    onRetry: () => {},
    onResent: () => {},
    push: async (_shard, parts, alone) => {
      assert.equal(alone, parts.some(({ solo }) => solo))
      const answered = new Deferred<Attempt>()
      const push: Push = {
        names: parts.map(part => this.#names.get(part) ?? '?'),
        answered: false,
        answer: async answer => {
          push.answered = true
          answered.resolve({ answer, endpoint: 0, joined: false, rawBytes: 1, first: true })
          await turn()
        }
      }
      this.pushes.push(push)
      return await answered.promise
    },
    rule: async () => { throw new Error('nothing is refused here') }
  })

  add (...names: string[]): void {
    for (const name of names) {
      const plain = { address: 'a', tenant: 't', shard: 3, body: Uint8Array.of(1, 0, 65), rawBytes: 1, records: 1, quarantine: false }
      const solo = name === name.toUpperCase()
      const part = { ...plain, solo, ...(solo ? { stream: streamOf(name) } : {}) }
      this.#names.set(part, name)
      this.shard.add({ part, ticket: new Ticket(1, () => { this.resolved.push(name) }) })
    }
  }

  /** The pushes under way. */
  get open (): Push[] {
    return this.pushes.filter(({ answered }) => !answered)
  }

  get openNames (): string[] {
    return this.open.map(({ names }) => names.join(''))
  }
}

function mockTimers (t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => { mock.timers.reset() })
}

test('solo parts go side by side, each by itself, and the others wait until they are stored', async () => {
  const bench = new Bench()
  bench.add('a', 'B', 'C', 'd', 'e', 'F', 'g')
  assert.deepEqual(bench.openNames, ['a'])
  await bench.open[0].answer(STORED)
  assert.deepEqual(bench.openNames, ['B', 'C'])
  await bench.open[1].answer(STORED)
  assert.deepEqual([bench.openNames, bench.resolved], [['B'], ['a', 'C']])
  await bench.open[0].answer(STORED)
  assert.deepEqual(bench.openNames, ['de'])
  await bench.open[0].answer(STORED)
  assert.deepEqual(bench.openNames, ['F'])
  bench.add('H')
  assert.deepEqual(bench.openNames, ['F'], 'behind what waits, it waits')
  for (let i = 0; i < 3; i++) await bench.open[0].answer(STORED)
  assert.deepEqual([bench.resolved.join(''), bench.idle, bench.shard.bytes], ['aCBdeFgH', 1, 0])
})

test('solo parts of one stream go one after the other, so that it keeps its order', async () => {
  const bench = new Bench()
  bench.add('A.1', 'B', 'A.2', 'C', 'A.3')
  assert.deepEqual(bench.openNames, ['A.1', 'B'], 'what is behind waits too: it may be of any stream')
  await bench.open[0].answer(STORED)
  assert.deepEqual(bench.openNames, ['B', 'A.2', 'C'])
  await bench.open[1].answer(STORED)
  assert.deepEqual(bench.openNames, ['B', 'C', 'A.3'])
})

test('no more than a few go side by side, and the next one takes a place that is free', async () => {
  const bench = new Bench()
  const names = [...'ABCDEFGHIJ']
  bench.add(...names)
  assert.deepEqual(bench.openNames, names.slice(0, MOST))
  assert.equal(bench.shard.bytes, 30, 'what is aside counts')
  await bench.open[3].answer(STORED)
  assert.deepEqual(bench.openNames, [...'ABCEFGHI'])
  while (bench.open.length > 0) await bench.open[0].answer(STORED)
  assert.deepEqual([bench.resolved.length, bench.idle, bench.shard.bytes], [10, 1, 0])
})

test('one that has to be tried again holds up what is behind, but not those beside it', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('A', 'B', 'c')
  await bench.open[0].answer({ kind: 'retry', reason: '429', message: 'stream limit', retryAfterMs: undefined })
  await bench.open[0].answer(STORED)
  assert.deepEqual([bench.openNames, bench.resolved], [[], ['B']])
  bench.add('D')
  assert.deepEqual(bench.openNames, [])
  mock.timers.tick(60_000)
  assert.deepEqual(bench.openNames, ['A'])
  await bench.open[0].answer(STORED)
  assert.deepEqual(bench.openNames, ['c'])
})

test('close drops those aside too', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('A', 'B', 'c')
  const [first, second] = bench.open
  await first.answer({ kind: 'retry', reason: '5xx', message: 'no', retryAfterMs: undefined })
  bench.shard.close()
  await second.answer(STORED)
  mock.timers.tick(60_000)
  assert.deepEqual([bench.pushes.length, bench.resolved, bench.idle, bench.shard.bytes], [2, [], 0, 0])
})

test('whatever comes and is answered: no part goes before the solo ones ahead of it are stored, and each is stored once', async t => {
  mockTimers(t)
  const answers = fc.constantFrom<RetryReason | 'ok'>('ok', 'ok', 'ok', '429', '5xx', 'connection')
  const step = fc.oneof(
    fc.record({ add: fc.constantFrom('known', 'solo') }),
    fc.record({ answer: answers, which: fc.nat() })
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
    const bench = new Bench()
    const added: string[] = []
    const look = (): void => {
      for (const { names } of bench.open) {
        const first = Math.min(...names.map(name => added.indexOf(name)))
        const solo = names[0] === names[0].toUpperCase()
        if (solo) assert.equal(names.length, 1)
        const ahead = added.slice(0, first).filter(name => !bench.resolved.includes(name))
        assert.deepEqual(ahead.filter(name => !solo || name !== name.toUpperCase()), [], `${names.join()} went before`)
      }
      assert.ok(bench.open.length <= MOST)
    }
    for (const one of steps) {
      if ('add' in one) {
        added.push(`${one.add === 'known' ? 'k' : 'D'}${added.length}`)
        bench.add(added[added.length - 1])
      } else if (bench.open.length > 0) {
        const push = bench.open[one.which % bench.open.length]
        await push.answer(one.answer === 'ok' ? STORED : { kind: 'retry', reason: one.answer, message: '', retryAfterMs: undefined })
      } else mock.timers.tick(60_000)
      look()
    }
    for (let rounds = 0; bench.shard.bytes > 0; rounds++) {
      assert.ok(rounds < 1000, 'it never ends')
      if (bench.open.length > 0) await bench.open[0].answer(STORED)
      else mock.timers.tick(60_000)
      look()
    }
    assert.deepEqual([...bench.resolved].sort(), [...added].sort())
  }), { numRuns: 150 })
})
