import { mock, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import snappy from 'snappy'
import { Ticket } from '../../../src/ack/ticket.ts'
import type { Answer, RetryReason } from '../../../src/sink/classify.ts'
import type { ResendReason } from '../../../src/sink/doubt.ts'
import type { Limited } from '../../../src/sink/push-limits.ts'
import { joinBlocks } from '../../../src/sink/join.ts'
import { pauseMs } from '../../../src/sink/pause.ts'
import { Shard } from '../../../src/sink/shard.ts'
import type { Attempt, Pending, Ruling } from '../../../src/sink/shard-tools.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { turn } from '../../helpers/until.ts'

const STORED: Answer = { kind: 'stored', status: 204 }
const REJECTED: Answer = { kind: 'rejected', status: 400, message: 'no', fault: 'unknown' }

function retry (reason: RetryReason, retryAfterMs?: number): Answer {
  return { kind: 'retry', reason, message: 'not now', retryAfterMs }
}

function part (content: string): Part {
  const place = { address: 'a', tenant: 't', shard: 3, solo: false, quarantine: false }
  return { ...place, body: snappy.compressSync(content), rawBytes: Buffer.byteLength(content), records: 1 }
}

/** Returns the contents of a push's parts. */
function content (body: Uint8Array): string {
  return (snappy.uncompressSync(Buffer.from(body)) as Buffer).toString()
}

interface Push { body: Uint8Array, parts: readonly Part[], alone: boolean, answer: (answer: Answer, joined?: boolean) => Promise<void> }
interface Rejection {
  pending: Pending
  answer: Answer
  rule: (ruling: Ruling | undefined) => Promise<void>
  replace: (replacement: Pending[] | undefined) => Promise<void>
}

class Bench {
  readonly pushes: Push[] = []
  readonly rejections: Rejection[] = []
  readonly retries: Array<{ reason: RetryReason, delayMs: number }> = []
  readonly resolved: string[] = []
  readonly lookUps: Array<{ sent: readonly Pending[], answer: (rest: Array<Pending | undefined>) => void }> = []
  readonly resent: Array<readonly [ResendReason, number]> = []
  idle = 0
  forgotten = 0
  underWay = 0
  now = 0
  random = 1
  hold: { ms: number, reason: RetryReason } | undefined
  limit = Infinity
  /** Whether Loki can never store what it limits. */
  never = false
  readonly limited: Limited[] = []
  readonly halved: Pending[] = []
  readonly aside: Pending[] = []
  takesAside = true
  readonly shard: Shard

  constructor (pushBytes = 10, looksUp = false) {
    this.shard = new Shard('t', 3, {
      pushBytes,
      hold: () => this.hold,
      limit: () => this.limit,
      isSolo: part => part.solo,
      limited: push => {
        this.limited.push(push)
        return this.never
      },
      halve: async pending => {
        this.halved.push(pending)
        const text = content(pending.part.body)
        return [text.slice(0, text.length / 2), text.slice(text.length / 2)].map(half => ({
          part: { ...part(half), records: half.length }, ticket: pending.ticket, solo: pending.solo
        }))
      },
      setAside: pending => {
        if (this.takesAside) this.aside.push(pending)
        return this.takesAside
      },
      now: () => this.now,
      pause: (reason, attempt) => pauseMs(reason, attempt, () => this.random),
      onIdle: () => { this.idle++ },
      forget: () => { this.forgotten++ },
      onResent: (reason, records) => { this.resent.push([reason, records]) },
      lookUp: looksUp ? async sent => await new Promise(resolve => { this.lookUps.push({ sent, answer: resolve }) }) : undefined,
      onRetry: (_shard, reason, _message, delayMs) => { this.retries.push({ reason, delayMs }) },
      push: async (_shard, parts, alone) => {
        assert.equal(++this.underWay, 1, 'a push began while another was under way')
        const answered = new Deferred<Attempt>()
        const rawBytes = parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
        const answer = async (answer: Answer, joined = false): Promise<void> => {
          answered.resolve({ answer, endpoint: 0, joined, rawBytes: joined ? 2 * rawBytes : rawBytes, first: true })
          await turn()
        }
        this.pushes.push({ body: joinBlocks(parts), parts, alone, answer })
        const attempt = await answered.promise
        this.underWay--
        return attempt
      },
      rule: async (pending, answer) => {
        const ruled = new Deferred<Ruling | undefined>()
        const rule = async (ruling: Ruling | undefined): Promise<void> => { ruled.resolve(ruling); await turn() }
        const replace = async (by: Pending[] | undefined): Promise<void> => { await rule(by && { kind: 'replaced', by }) }
        this.rejections.push({ pending, answer, rule, replace })
        return await ruled.promise
      }
    })
  }

  add (name: string, how: Pick<Pending, 'solo'> = {}): Pending {
    const pending = { ...how, part: part(name), ticket: new Ticket(1, () => { this.resolved.push(name) }) }
    this.shard.add(pending)
    return pending
  }

  get last (): Push {
    return this.pushes[this.pushes.length - 1]
  }

  get sent (): string[] {
    return this.pushes.map(({ body }) => content(body))
  }
}

/** Mocks timers: pauses pass by `mock.timers.tick`. */
function mockTimers (t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => { mock.timers.reset() })
}

test('an idle shard pushes at once; stored resolves the ticket and leaves it idle', async () => {
  const bench = new Bench()
  const { part } = bench.add('one')
  assert.deepEqual(bench.sent, ['one'])
  assert.equal(bench.pushes[0].body, part.body)
  assert.equal(bench.shard.bytes, part.body.length)
  assert.deepEqual([bench.resolved, bench.idle], [[], 0])
  await bench.last.answer(STORED)
  assert.deepEqual([bench.resolved, bench.idle, bench.shard.bytes], [['one'], 1, 0])
})

test('what arrives during a push goes out joined, in order, up to the size of a push', async () => {
  const bench = new Bench(10)
  for (const name of ['x', 'aaaa', 'bbbb', 'cccc', 'dd', 'e', 'f', 'ggg', 'a part larger than a push', 'h']) bench.add(name)
  const total = bench.shard.bytes
  assert.ok(total > 0)
  for (let i = 0; i < bench.pushes.length; i++) await bench.pushes[i].answer(STORED)
  assert.deepEqual(bench.sent, ['x', 'aaaabbbb', 'ccccddef', 'ggg', 'a part larger than a push', 'h'])
  assert.deepEqual(bench.pushes.map(({ parts }) => parts.length), [1, 2, 4, 1, 1, 1])
  assert.deepEqual(bench.resolved, ['x', 'aaaa', 'bbbb', 'cccc', 'dd', 'e', 'f', 'ggg', 'a part larger than a push', 'h'])
  assert.deepEqual([bench.idle, bench.shard.bytes], [1, 0])
})

test('tickets resolve only when their push is stored, and after the next one has begun', async () => {
  const bench = new Bench()
  bench.add('one')
  bench.shard.add({ part: part('two'), ticket: { resolvePart: () => { bench.resolved.push('two') }, split () {} } })
  bench.shard.add({
    part: part('three'),
    ticket: { resolvePart: () => { bench.resolved.push(`three with ${bench.pushes.length} begun`) }, split () {} }
  })
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resolved, ['one'])
  bench.add('four')
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resolved, ['one', 'two', 'three with 3 begun'])
})

test('a retry sends the same bytes again after a pause, with nothing in between', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  bench.add('two')
  await bench.last.answer(STORED)
  await bench.last.answer(retry('connection'))
  assert.equal(bench.shard.waitingFor, 'connection')
  bench.add('3')
  assert.equal(bench.pushes.length, 2)
  mock.timers.tick(99)
  assert.equal(bench.pushes.length, 2)
  mock.timers.tick(1)
  assert.equal(bench.pushes.length, 3)
  assert.equal(bench.shard.waitingFor, 'connection', 'a try may take long')
  // Later parts may join, behind those that were pushed before.
  assert.deepEqual(bench.sent, ['one', 'two', 'two3'])
  assert.deepEqual(bench.resolved, ['one'])
  await bench.last.answer(STORED)
  assert.equal(bench.shard.waitingFor, undefined)
  assert.deepEqual(bench.resolved, ['one', 'two', '3'])
})

test('what is pushed again after an unknown outcome is counted; what Loki never got is not', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  await bench.last.answer({ kind: 'retry', reason: 'connection', message: '', unsent: true })
  mock.timers.tick(60_000)
  assert.deepEqual(bench.resent, [])
  for (const reason of ['connection', 'timeout', '5xx'] as const) {
    await bench.last.answer(retry(reason))
    mock.timers.tick(60_000)
  }
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resent, [['connection', 1], ['timeout', 1], ['5xx', 1]])
})

test('with look-ups, only what Loki does not have is pushed again, in its place, and what it has is resolved', async t => {
  mockTimers(t)
  const bench = new Bench(10, true)
  bench.add('x')
  for (const name of ['aaaa', 'bbbb', 'cc', 'dddd']) bench.add(name)
  await bench.last.answer(STORED)
  await bench.last.answer(retry('timeout'))
  assert.equal(bench.lookUps.length, 0)
  mock.timers.tick(60_000)
  assert.equal(bench.pushes.length, 2, 'nothing is pushed while it is looked up')
  const [{ sent, answer }] = bench.lookUps
  assert.deepEqual(sent.map(({ part }) => content(part.body)), ['aaaa', 'bbbb', 'cc'])
  answer([undefined, { ...sent[1], part: part('bb'), doubt: { reason: 'timeout', at: 0, look: 'done' } }, undefined])
  await turn()
  assert.deepEqual(bench.sent, ['x', 'aaaabbbbcc', 'bbdddd'])
  assert.deepEqual([bench.resolved, bench.resent], [['x', 'aaaa', 'cc'], [['timeout', 1]]])
  await bench.last.answer(STORED)
  assert.deepEqual([bench.resolved, bench.idle, bench.shard.bytes], [['x', 'aaaa', 'cc', 'bbbb', 'dddd'], 1, 0])
  assert.equal(bench.lookUps.length, 1)
})

test('what others may be at fault for is not ruled on: each part then has a push of its own', async () => {
  const bench = new Bench()
  bench.add('one')
  assert.equal(bench.last.alone, false)
  await bench.last.answer(REJECTED, true)
  assert.deepEqual([bench.rejections.length, bench.pushes.length, bench.last.alone], [0, 2, true])
  assert.deepEqual(bench.resent, [['rejected', 1]])
  await bench.last.answer(REJECTED)
  assert.equal(bench.rejections.length, 1)
})

test('a rate limit counts all of a joined push, and rules on nothing in it', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.never = true
  bench.add('one')
  await bench.last.answer(retry('429'), true)
  assert.deepEqual([bench.limited[0].bytes, bench.rejections.length], [6, 0])
})

test('a look-up that a close overtakes does nothing', async t => {
  mockTimers(t)
  const bench = new Bench(10, true)
  bench.add('one')
  await bench.last.answer(retry('5xx'))
  mock.timers.tick(60_000)
  bench.shard.close()
  bench.lookUps[0].answer([undefined])
  await turn()
  assert.deepEqual([bench.resolved, bench.pushes.length], [[], 1])
})

test('a full push is the same to the byte when it is sent again', async t => {
  mockTimers(t)
  const bench = new Bench(8)
  bench.add('x')
  for (const name of ['aaaa', 'bbbb', 'cccc']) bench.add(name)
  await bench.last.answer(STORED)
  for (let i = 0; i < 5; i++) {
    await bench.last.answer(retry('5xx'))
    bench.add('more')
    mock.timers.tick(60_000)
  }
  assert.equal(bench.pushes.length, 7)
  for (const { body } of bench.pushes.slice(2)) assert.deepEqual(body, bench.pushes[1].body)
})

test('pauses double up to the most for their reason, and begin anew after a success', async t => {
  mockTimers(t)
  for (const [reason, most] of [['429', 5_000], ['5xx', 2_000], ['timeout', 1_000], ['connection', 1_000], ['blocked', 30_000]] as const) {
    const bench = new Bench()
    bench.add('one')
    for (let i = 0; i < 12; i++) {
      await bench.last.answer(retry(reason))
      mock.timers.tick(60_000)
    }
    assert.deepEqual(bench.retries, Array.from({ length: 12 }, (_, i) => ({ reason, delayMs: Math.min(most, 100 * 2 ** i) })))
    bench.add('two')
    await bench.last.answer(STORED)
    bench.add('three')
    await bench.last.answer(retry(reason))
    assert.equal(bench.retries.at(-1)?.delayMs, 100)
    bench.shard.close()
  }
})

test('pauses are left to chance in their last half', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.random = 0
  bench.add('one')
  await bench.last.answer(retry('5xx'))
  bench.shard.close()
  assert.deepEqual(bench.retries, [{ reason: '5xx', delayMs: 50 }])
})

test('what Loki has asked for is heeded: a pause lasts as long, and no push begins before', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  bench.hold = { ms: 7_000, reason: '429' }
  await bench.last.answer(retry('429', 7_000))
  assert.deepEqual(bench.retries, [{ reason: '429', delayMs: 7_000 }])
  mock.timers.tick(6_999)
  bench.hold = { ms: 500, reason: '5xx' }
  mock.timers.tick(1)
  assert.deepEqual([bench.pushes.length, bench.shard.waitingFor], [1, '5xx'])
  bench.hold = undefined
  mock.timers.tick(500)
  assert.equal(bench.pushes.length, 2)
  bench.shard.close()
})

test('a shard that has been idle begins no push while Loki has asked to be left alone', t => {
  mockTimers(t)
  const bench = new Bench()
  bench.hold = { ms: 300, reason: '429' }
  bench.add('one')
  assert.equal(bench.pushes.length, 0)
  bench.hold = undefined
  mock.timers.tick(300)
  assert.equal(bench.pushes.length, 1)
  bench.shard.close()
})

test('a Retry-After of nothing, or in the past, does not make it push without pause', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  for (let i = 0; i < 4; i++) {
    await bench.last.answer(retry('429', 0))
    mock.timers.tick(60_000)
  }
  assert.deepEqual(bench.retries.map(({ delayMs }) => delayMs), [100, 200, 400, 800])
  bench.shard.close()
})

test('a wake ends a pause, except that of a tenant\'s limit', async t => {
  mockTimers(t)
  for (const reason of ['5xx', 'timeout', 'connection', 'blocked', '429'] as const) {
    const bench = new Bench()
    bench.shard.wake()
    bench.add('one')
    bench.shard.wake()
    await bench.last.answer(retry(reason))
    bench.shard.wake()
    assert.equal(bench.pushes.length, reason === '429' ? 1 : 2, reason)
    mock.timers.tick(10_000)
    assert.equal(bench.pushes.length, 2, 'the pause that was ended does not end again')
    await bench.last.answer(STORED)
    bench.shard.wake()
    assert.deepEqual([bench.pushes.length, bench.idle], [2, 1])
  }
})

test('hurry ends every pause', async t => {
  mockTimers(t)
  for (const reason of ['5xx', 'blocked', '429'] as const) {
    const bench = new Bench()
    bench.shard.hurry()
    bench.add('one')
    bench.shard.hurry()
    await bench.last.answer(retry(reason))
    bench.shard.hurry()
    assert.equal(bench.pushes.length, 2, reason)
    await bench.last.answer(STORED)
    assert.deepEqual(bench.resolved, ['one'])
  }
})

test('a pause that Loki asked for is not woken', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  bench.hold = { ms: 5_000, reason: '5xx' }
  await bench.last.answer(retry('5xx', 5_000))
  bench.shard.wake()
  mock.timers.tick(4_999)
  assert.equal(bench.pushes.length, 1)
  bench.hold = undefined
  mock.timers.tick(1)
  assert.equal(bench.pushes.length, 2)
  await bench.last.answer(STORED)
})

test('what a condition holds is set aside at once, however much there is; where it has to stay, the shard pauses', async t => {
  mockTimers(t)
  const held = { kind: 'held', message: '400 no', hint: 'mend it' } as const
  const bench = new Bench()
  const bad = Array.from({ length: 20 }, (_, i) => bench.add(`bad${String(i).padStart(3, '0')}`, { solo: true }))
  bench.add('good')
  for (let i = 0; i < bad.length; i++) {
    await bench.last.answer(REJECTED)
    await bench.rejections[i].rule(held)
  }
  assert.deepEqual([bench.aside.length, bench.sent.at(-1), bench.retries], [20, 'good', []])
  await bench.last.answer(STORED)
  assert.deepEqual([bench.resolved, bench.idle, bench.forgotten], [['good'], 1, 1])

  const other = new Bench()
  other.takesAside = false
  other.add('one')
  await other.last.answer(REJECTED)
  await other.rejections[0].rule(held)
  assert.deepEqual([other.pushes.length, other.shard.waitingFor, other.retries], [1, 'blocked', [{ reason: 'blocked', delayMs: 100 }]])
  mock.timers.tick(100)
  await other.last.answer(STORED)
  assert.deepEqual([other.resolved, other.idle], [['one'], 1])
})

test('a shard whose only part was set aside is idle', async () => {
  const bench = new Bench()
  bench.add('one')
  await bench.last.answer(REJECTED)
  await bench.rejections[0].rule({ kind: 'held', message: '400 no', hint: undefined })
  assert.deepEqual([bench.idle, bench.forgotten, bench.shard.bytes], [1, 1, 0])
})

test('where nobody can tell yet whose fault it is, the part is tried again', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  await bench.last.answer(REJECTED)
  await bench.rejections[0].rule({ kind: 'later', answer: { kind: 'retry', reason: '5xx', message: '503' } })
  assert.equal(bench.shard.waitingFor, '5xx')
  mock.timers.tick(100)
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resolved, ['one'])
})

test('a limit on the size of pushes joins fewer parts, and halves one that is larger, but no single entry', async () => {
  const bench = new Bench(100)
  bench.shard.add({ part: { ...part('abcdefgh'), records: 8 }, ticket: new Ticket(1, () => { bench.resolved.push('eight') }) })
  await bench.last.answer(STORED)
  bench.limit = 4
  bench.add('x')
  for (const name of ['yy', 'zz', 'one long entry']) bench.add(name)
  bench.shard.add({ part: { ...part('abcdefgh'), records: 8 }, ticket: new Ticket(1, () => { bench.resolved.push('eight') }) })
  for (let i = 1; i < bench.pushes.length; i++) await bench.pushes[i].answer(STORED)
  assert.deepEqual(bench.sent, ['abcdefgh', 'x', 'yyzz', 'one long entry', 'abcd', 'efgh'])
  assert.deepEqual(bench.resolved, ['eight', 'x', 'yy', 'zz', 'one long entry', 'eight'])
  assert.equal(bench.shard.bytes, 0)
})

test('a rate limit counts how often it refused a push, and since when; an entry that can never fit is rejected', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  for (const now of [10, 20, 30]) {
    bench.now = now
    await bench.last.answer(retry('429'))
    mock.timers.tick(60_000)
  }
  assert.deepEqual(bench.limited.map(({ bytes, attempts, since }) => [bytes, attempts, since]), [[3, 1, 10], [3, 2, 10], [3, 3, 10]])
  bench.never = true
  await bench.last.answer(retry('429'))
  assert.deepEqual(bench.rejections.map(({ answer }) => answer), [{ kind: 'rejected', status: 429, message: 'not now', fault: 'size' }])
  bench.shard.close()
})

test('a rejected record on its way to quarantine leaves the queue', async () => {
  const bench = new Bench()
  const { ticket } = bench.add('one')
  await bench.last.answer(REJECTED)
  const carrier = { part: { ...part('one'), quarantine: true }, ticket }
  await bench.rejections[0].replace([carrier])
  assert.deepEqual([bench.aside, bench.resolved, bench.idle], [[carrier], [], 1])
})

test('a push that fails while others succeed is not woken by each of them', async t => {
  mockTimers(t)
  const bench = new Bench()
  bench.add('one')
  for (let i = 0; i < 6; i++) {
    await bench.last.answer(retry('5xx'))
    bench.shard.wake()
    bench.shard.wake()
    if (i > 0) mock.timers.tick(60_000)
  }
  // From then on only its own pauses count.
  assert.equal(bench.pushes.length, 7)
  await bench.last.answer(retry('5xx'))
  bench.shard.wake()
  assert.equal(bench.pushes.length, 7)
  mock.timers.tick(60_000)
  await bench.last.answer(STORED)
  bench.add('two')
  await bench.last.answer(retry('5xx'))
  bench.shard.wake()
  assert.equal(bench.pushes.length, 10, 'a success makes it fit to be woken again')
  bench.shard.close()
})

test('a refused push of several parts is taken apart: each goes alone, in order', async () => {
  const bench = new Bench()
  for (const name of ['x', 'a', 'b', 'c']) bench.add(name)
  await bench.last.answer(STORED)
  await bench.last.answer(REJECTED)
  bench.add('d')
  bench.add('e')
  for (let i = 2; i < bench.pushes.length; i++) await bench.pushes[i].answer(STORED)
  assert.deepEqual(bench.sent, ['x', 'abc', 'a', 'b', 'c', 'de'])
  assert.deepEqual(bench.resolved, ['x', 'a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(bench.rejections, [])
})

test('a part that is refused by itself is narrowed down, and what is left of it goes first', async () => {
  const bench = new Bench()
  const refused = bench.add('ab')
  bench.add('c')
  await bench.last.answer(REJECTED)
  assert.equal(bench.rejections.length, 1)
  assert.equal(bench.rejections[0].pending, refused)
  assert.equal(bench.rejections[0].answer, REJECTED)
  assert.equal(bench.underWay, 0)
  bench.shard.wake()
  bench.add('d')
  assert.equal(bench.pushes.length, 1, 'nothing is pushed meanwhile')
  const { ticket } = refused
  await bench.rejections[0].replace([{ part: part('a'), ticket, solo: true }, { part: part('b'), ticket, solo: true }])
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resolved, [])
  await bench.last.answer(STORED)
  assert.deepEqual(bench.resolved, ['ab'])
  await bench.last.answer(STORED)
  assert.deepEqual(bench.sent, ['ab', 'a', 'b', 'cd'])
  assert.deepEqual(bench.resolved, ['ab', 'c', 'd'])
  assert.deepEqual([bench.idle, bench.shard.bytes], [1, 0])
})

test('a part of which nothing is left to push is done with', async () => {
  const bench = new Bench()
  bench.add('a')
  await bench.last.answer(REJECTED)
  await bench.rejections[0].replace([])
  assert.deepEqual([bench.resolved, bench.idle, bench.shard.bytes, bench.pushes.length], [['a'], 1, 0, 1])
})

test('closing while a part is narrowed down leaves it unresolved', async () => {
  const bench = new Bench()
  bench.add('a')
  await bench.last.answer(REJECTED)
  await bench.rejections[0].replace(undefined)
  bench.shard.close()
  const other = new Bench()
  other.add('a')
  await other.last.answer(REJECTED)
  other.shard.close()
  await other.rejections[0].replace([])
  assert.deepEqual([bench.resolved, bench.pushes.length, bench.idle], [[], 1, 0])
  assert.deepEqual([other.resolved, other.pushes.length, other.idle], [[], 1, 0])
})

test('close drops what is left without resolving it, whatever comes afterwards', async t => {
  mockTimers(t)
  for (const answer of [STORED, REJECTED, retry('5xx')]) {
    const bench = new Bench()
    bench.add('one')
    bench.add('two')
    bench.shard.close()
    assert.equal(bench.shard.bytes, 0)
    await bench.last.answer(answer)
    bench.shard.wake()
    mock.timers.tick(60_000)
    assert.deepEqual([bench.resolved, bench.pushes.length, bench.idle, bench.retries.length], [[], 1, 0, 0])
  }
  const waiting = new Bench()
  waiting.add('one')
  await waiting.last.answer(retry('5xx'))
  waiting.shard.close()
  waiting.shard.wake()
  mock.timers.tick(60_000)
  assert.equal(waiting.pushes.length, 1)
})

/** Plays Loki for a shard: it gives the drawn answers, then accepts everything except bodies with an `!`. */
test('whatever Loki answers, each ticket resolves once, and each part is stored, in order, or given up by itself', async t => {
  mockTimers(t)
  const arrival = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[a-z]{0,4}!?$/) }, { weight: 3, arbitrary: fc.constant(undefined) })
  const answer = fc.constantFrom<RetryReason | 'ok' | 'wake'>('ok', 'ok', 'ok', '429', '5xx', 'timeout', 'connection', 'blocked', 'wake')
  await fc.assert(fc.asyncProperty(fc.array(arrival, { maxLength: 40 }), fc.array(answer, { maxLength: 60 }),
    fc.integer({ min: 1, max: 12 }), async (arrivals, answers, pushBytes) => {
      const bench = new Bench(pushBytes)
      const stored: string[] = []
      const givenUp: string[] = []
      const resolved = new Map<number, number>()
      const added: string[] = []
      let tried = 0
      let replaced = 0
      const step = async (): Promise<void> => {
        if (replaced < bench.rejections.length) {
          const { pending, replace } = bench.rejections[replaced++]
          const text = content(pending.part.body)
          const half = Math.floor(text.length / 2)
          if (text.length === 1) {
            givenUp.push(text)
            return await replace([])
          }
          return await replace([
            text.slice(0, half), text.slice(half)
          ].map(half => ({ part: part(half), ticket: pending.ticket, solo: true })))
        }
        if (tried < bench.pushes.length) {
          const { body, answer } = bench.pushes[tried++]
          const drawn = answers.pop() ?? 'ok'
          const text = content(body)
          if (drawn !== 'ok' && drawn !== 'wake') return await answer(retry(drawn))
          if (text.includes('!')) return await answer(REJECTED)
          stored.push(text)
          return await answer(STORED)
        }
        if (answers.at(-1) === 'wake') {
          answers.pop()
          bench.shard.wake()
        } else mock.timers.tick(60_000)
        await turn()
      }
      for (const name of arrivals) {
        if (name === undefined) await step()
        else {
          const index = added.push(name) - 1
          bench.shard.add({ part: part(name), ticket: new Ticket(1, () => resolved.set(index, (resolved.get(index) ?? 0) + 1)) })
        }
      }
      for (let steps = 0; bench.shard.bytes > 0; steps++) {
        assert.ok(steps < 2_000, 'it never ends')
        await step()
      }
      assert.equal(stored.join(''), added.join('').replaceAll('!', ''))
      assert.equal(givenUp.length, added.join('').split('!').length - 1)
      assert.deepEqual([...resolved], added.map((_, i) => [i, 1]))
    }), { numRuns: 100 })
})
