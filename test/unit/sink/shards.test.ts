import { mock, test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { Ticket } from '../../../src/ack/ticket.ts'
import type { Answer, RetryReason } from '../../../src/sink/classify.ts'
import { LokiClient } from '../../../src/sink/client.ts'
import { EndpointSelector } from '../../../src/sink/endpoint-selector.ts'
import { PushLimits } from '../../../src/sink/push-limits.ts'
import type { Ruling } from '../../../src/sink/shard-tools.ts'
import type { PushReport } from '../../../src/sink/reports.ts'
import { Shards } from '../../../src/sink/shards.ts'
import { StoredAt } from '../../../src/sink/stored-at.ts'
import { StreamRoom } from '../../../src/sink/stream-room.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { httpServer } from '../../helpers/http-server.ts'
import { turn, until } from '../../helpers/until.ts'

const STORED: Answer = { kind: 'stored', status: 204 }

interface Push { endpoint: number, tenant: string, body: Uint8Array, signal: AbortSignal, answer: (answer: Answer) => Promise<void> }

/** A sink over a client whose answers the test gives. */
function bench (t: TestContext, endpointCount = 1, enoughBytes = 0) {
  const pushes: Push[] = []
  const reports: PushReport[] = []
  const retries: Array<{ tenant: string, shard: number, reason: RetryReason, first: boolean }> = []
  const resolved: string[] = []
  const released: string[] = []
  const quiet: string[] = []
  const ruling: { value: Ruling | undefined } = { value: undefined }
  const endpoints = new EndpointSelector(endpointCount, 5_000, () => Date.now())
  const client = {
    urls: Array.from({ length: endpointCount }, (_, i) => `http://loki-${i}`),
    push: async (endpoint: number, tenant: string, body: Uint8Array, signal: AbortSignal) => {
      const answered = new Deferred<Answer>()
      pushes.push({ endpoint, tenant, body, signal, answer: async answer => { answered.resolve(answer); await turn() } })
      return await answered.promise
    }
  }
  const sink = new Shards({
    client,
    endpoints,
    pushBytes: 1_000,
    enoughBytes,
    random: () => 1,
    now: () => Date.now(),
    limits: new PushLimits({ pushBytes: 1_000, burstOf: () => undefined, now: () => Date.now() }),
    storedAt: new StoredAt(() => Date.now()),
    room: new StreamRoom({ limitOf: () => undefined, own: () => 0, count: async () => undefined, now: () => Date.now() }),
    rule: async () => ruling.value ?? { kind: 'replaced', by: [] },
    halve: async () => [],
    onReleased: tenant => { released.push(tenant) },
    onQuiet: tenant => { quiet.push(tenant) },
    onPush: report => { reports.push(report) },
    onRetry: ({ tenant, shard, reason, first }) => { retries.push({ tenant, shard, reason, first }) }
  })
  t.after(() => { sink.close() })
  const add = (tenant: string, shard: number, records = 1): void => {
    sink.add({ part: part(tenant, shard, records), ticket: new Ticket(1, () => { resolved.push(`${tenant} ${shard}`) }) })
  }
  return { sink, pushes, reports, retries, resolved, released, quiet, ruling, add }
}

function part (tenant: string, shard: number, records = 1): Part {
  return { address: 'a', tenant, shard, body: Uint8Array.of(1, 0, 65), rawBytes: 1, records, solo: false, quarantine: false }
}

function retry (reason: RetryReason): Answer {
  return { kind: 'retry', reason, message: 'not now' }
}

function mockTimers (t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  t.after(() => { mock.timers.reset() })
}

test('each shard of each tenant has one push of its own under way', async t => {
  const { sink, pushes, add, resolved } = bench(t)
  for (const tenant of ['a', 'b']) for (const shard of [0, 1]) for (let i = 0; i < 3; i++) add(tenant, shard)
  assert.deepEqual(pushes.map(({ tenant }) => tenant), ['a', 'a', 'b', 'b'])
  assert.equal(sink.size, 4)
  assert.deepEqual(sink.bytes, new Map([['a', 6 * 3], ['b', 6 * 3]]))
  for (let i = 0; i < pushes.length; i++) await pushes[i].answer(STORED)
  assert.equal(pushes.length, 8)
  assert.equal(resolved.length, 12)
})

test('small parts of several idle shards go in one push, and each shard goes on by itself', async t => {
  const { pushes, reports, add, resolved, retries } = bench(t, 1, 1_000)
  mockTimers(t)
  for (const shard of [0, 1, 2]) add('a', shard)
  add('b', 0)
  await turn()
  assert.deepEqual(pushes.map(({ tenant }) => tenant), ['a', 'b'])
  await pushes[0].answer(retry('5xx'))
  assert.deepEqual(retries.map(({ shard, first }) => [shard, first]), [[0, true], [1, false], [2, false]])
  mock.timers.tick(60_000)
  await turn()
  await pushes[2].answer(STORED)
  assert.deepEqual([resolved, reports.map(({ parts }) => parts)], [['a 0', 'a 1', 'a 2'], [3, 3]])
})

test('a tenant and a shard that look alike when put together are not the same shard', t => {
  const { sink, add } = bench(t)
  add('1 a', 1)
  add('a', 1)
  add('', 1)
  assert.equal(sink.size, 3)
})

test('shards are gone when there is nothing left to do, and come again', async t => {
  const { sink, pushes, add, resolved } = bench(t)
  add('a', 0)
  await pushes[0].answer(STORED)
  assert.deepEqual([sink.size, sink.bytes.size, resolved], [0, 0, ['a 0']])
  add('a', 0)
  assert.equal(sink.size, 1)
  await pushes[1].answer(STORED)
  assert.deepEqual([sink.size, resolved.length], [0, 2])
})

test('what a ticket adds while it resolves goes out', async t => {
  const { sink, pushes, add } = bench(t)
  sink.add({ part: part('a', 0), ticket: new Ticket(1, () => add('a', 0)) })
  await pushes[0].answer(STORED)
  assert.equal(pushes.length, 2)
  assert.equal(sink.size, 1)
})

test('a tenant that is limited holds up no other, and no other one\'s success ends its pause', async t => {
  mockTimers(t)
  const { pushes, add, resolved, retries } = bench(t)
  add('limited', 0)
  await pushes[0].answer({ kind: 'retry', reason: '429', message: '', status: 429, retryAfterMs: 5_000 })
  for (let i = 1; i <= 20; i++) {
    add('other', 0)
    await pushes[i].answer(STORED)
  }
  assert.equal(resolved.length, 20)
  assert.deepEqual(retries, [{ tenant: 'limited', shard: 0, reason: '429', first: true }])
  mock.timers.tick(5_000)
  assert.equal(pushes[21].tenant, 'limited')
  await pushes[21].answer(STORED)
  assert.equal(resolved.at(-1), 'limited 0')
})

test('a success wakes the shards that wait for Loki to come back', async t => {
  mockTimers(t)
  const { pushes, add, resolved } = bench(t)
  for (const shard of [0, 1, 2]) add('a', shard)
  for (let i = 0; i < 3; i++) await pushes[i].answer(retry('connection'))
  add('b', 0)
  await pushes[3].answer(STORED)
  assert.equal(pushes.length, 7)
  for (let i = 4; i < 7; i++) await pushes[i].answer(STORED)
  assert.deepEqual(resolved, ['b 0', 'a 0', 'a 1', 'a 2'])
})

test('a refusal wakes nobody: it is no sign that Loki would take what waits', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t)
  add('a', 0)
  await pushes[0].answer(retry('blocked'))
  add('b', 0)
  await pushes[1].answer({ kind: 'rejected', status: 400, message: 'no', fault: 'unknown' })
  assert.equal(pushes.length, 2)
  add('b', 0)
  await pushes[2].answer(STORED)
  assert.equal(pushes[3].tenant, 'a')
})

test('a shard that Loki never takes is not pestered at the rate of the others\' successes', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t)
  add('bad', 0)
  for (let i = 0; i < pushes.length && i < 200; i++) {
    const { tenant } = pushes[i]
    await pushes[i].answer(tenant === 'bad' ? retry('blocked') : STORED)
    if (i < 100) add('good', 0)
  }
  assert.equal(pushes.filter(({ tenant }) => tenant === 'bad').length, 2)
})

test('an endpoint that fails is passed over, by whichever shard', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t, 2)
  add('a', 0)
  add('a', 1)
  assert.deepEqual(pushes.map(({ endpoint }) => endpoint), [0, 1])
  await pushes[0].answer(retry('timeout'))
  mock.timers.tick(100)
  assert.equal(pushes[2].endpoint, 1)
  add('a', 2)
  assert.equal(pushes[3].endpoint, 1)
})

test('a Retry-After of one endpoint sends the shard to the other one, at its own pace', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t, 2)
  add('a', 0)
  await pushes[0].answer({ kind: 'retry', reason: '5xx', message: '', status: 503, retryAfterMs: 60_000 })
  mock.timers.tick(100)
  assert.equal(pushes[1].endpoint, 1)
  await pushes[1].answer(STORED)
  for (let i = 2; i < 6; i++) {
    add('a', 0)
    assert.equal(pushes[i].endpoint, 1)
    await pushes[i].answer(STORED)
  }
})

test('with every endpoint asking to be left alone, nobody pushes before the first of them may be asked again', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t, 2)
  add('a', 0)
  add('b', 0)
  await pushes[0].answer({ kind: 'retry', reason: '5xx', message: '', status: 503, retryAfterMs: 9_000 })
  await pushes[1].answer({ kind: 'retry', reason: '5xx', message: '', status: 503, retryAfterMs: 4_000 })
  add('c', 0)
  mock.timers.tick(3_999)
  assert.equal(pushes.length, 2)
  mock.timers.tick(1)
  assert.ok(pushes.length > 2 && pushes.slice(2).every(({ endpoint }) => endpoint === 1))
})

test('a limit that Loki sets a time to holds all shards of the tenant, and no other tenant', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t)
  add('limited', 0)
  await pushes[0].answer({ kind: 'retry', reason: '429', message: '', status: 429, retryAfterMs: 5_000 })
  add('limited', 1)
  add('other', 0)
  assert.deepEqual(pushes.map(({ tenant }) => tenant), ['limited', 'other'])
  mock.timers.tick(5_000)
  assert.deepEqual(pushes.slice(2).map(({ tenant }) => tenant), ['limited', 'limited'])
})

test('a tenant\'s limit does not speak against the endpoint', async t => {
  mockTimers(t)
  const { pushes, add } = bench(t, 2)
  add('a', 0)
  await pushes[0].answer(retry('429'))
  for (let i = 1; i <= 2; i++) {
    add('b', 0)
    await pushes[i].answer(STORED)
  }
  assert.deepEqual(pushes.map(({ endpoint }) => endpoint), [0, 1, 0])
})

test('reports each attempt, with what was in it', async t => {
  mockTimers(t)
  const { pushes, reports, add } = bench(t)
  add('a', 2, 10)
  add('a', 2, 5)
  add('a', 2, 7)
  await pushes[0].answer(STORED)
  await pushes[1].answer(retry('5xx'))
  mock.timers.tick(100)
  await pushes[2].answer(STORED)
  assert.deepEqual(reports.map(({ answer, tenant, shard, url, parts, records, bytes, rawBytes }) => ({
    kind: answer.kind, tenant, shard, url, parts, records, bytes, rawBytes
  })), [
    { kind: 'stored', tenant: 'a', shard: 2, url: 'http://loki-0', parts: 1, records: 10, bytes: 3, rawBytes: 1 },
    { kind: 'retry', tenant: 'a', shard: 2, url: 'http://loki-0', parts: 2, records: 12, bytes: 5, rawBytes: 2 },
    { kind: 'stored', tenant: 'a', shard: 2, url: 'http://loki-0', parts: 2, records: 12, bytes: 5, rawBytes: 2 }
  ])
  assert.ok(reports.every(({ durationMs }) => durationMs >= 0))
})

test('close aborts what is under way, resolves nothing more, and closes the client', async t => {
  mockTimers(t)
  const { sink, pushes, add, resolved } = bench(t)
  add('a', 0)
  add('b', 0)
  await pushes[1].answer(retry('5xx'))
  sink.close()
  assert.ok(pushes[0].signal.aborted)
  assert.deepEqual([sink.size, sink.bytes.size], [0, 0])
  await pushes[0].answer(STORED)
  mock.timers.tick(60_000)
  assert.deepEqual([resolved, pushes.length], [[], 2])
})

test('what a worker brings after the close is left alone', async t => {
  const { sink, pushes, add, resolved } = bench(t)
  sink.close()
  add('a', 0)
  await turn()
  assert.deepEqual([pushes.length, sink.size, sink.bytes.size, resolved], [0, 0, 0, []])
})

test('with the real client: many shards push at once, without a warning, and close leaves no socket', async t => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', onWarning)
  t.after(() => { process.off('warning', onWarning) })
  const { url, received, sockets } = await httpServer(t, response => { if (received.length <= 30) response.writeHead(204).end() })
  let resolved = 0
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000 }, '0')
  const sink = new Shards({
    client,
    endpoints: new EndpointSelector(1),
    limits: new PushLimits({ pushBytes: 1_000, burstOf: () => undefined, now: () => performance.now() }),
    storedAt: new StoredAt(),
    room: new StreamRoom({ limitOf: () => undefined, own: () => 0, count: async () => undefined, now: () => Date.now() }),
    pushBytes: 1_000,
    enoughBytes: 0,
    rule: async () => undefined,
    halve: async () => undefined
  })
  t.after(async () => {
    sink.close()
    await client.close()
  })
  for (let shard = 0; shard < 30; shard++) sink.add({ part: part('', shard), ticket: new Ticket(1, () => { resolved++ }) })
  await until('all are stored', () => resolved === 30)
  for (let shard = 0; shard < 15; shard++) sink.add({ part: part('', shard), ticket: new Ticket(1, () => { resolved++ }) })
  await until('the rest is under way', () => received.length === 45)
  sink.close()
  await client.close()
  await until('no socket is left', () => sockets.size === 0)
  assert.equal(resolved, 30)
  assert.deepEqual(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'), [])
})

test('what a condition holds is out of the way of other addresses, keeps its order, and is told when it is over', async t => {
  mockTimers(t)
  const { sink, pushes, ruling, resolved, released, quiet, retries } = bench(t)
  const send = (address: string, name: string): void => {
    sink.add({ part: { ...part('t', 0), address }, ticket: new Ticket(1, () => { resolved.push(name) }) })
  }
  const refused: Answer = { kind: 'rejected', status: 400, message: 'no', fault: 'unknown' }
  ruling.value = { kind: 'held', message: '400 no', hint: undefined }
  send('bad', 'bad 1')
  await pushes[0].answer(refused)
  assert.deepEqual([pushes.length, retries.length, sink.size], [2, 1, 1], 'the held shard tries it again')
  send('bad', 'bad 2')
  send('good', 'good')
  await pushes[1].answer(refused)
  assert.equal(sink.waiting.get('blocked'), 1)
  await pushes[2].answer(refused)
  await pushes[3].answer(STORED)
  assert.deepEqual(resolved, ['good'])
  ruling.value = undefined
  mock.timers.tick(30_000)
  for (let i = 4; i < pushes.length; i++) await pushes[i].answer(STORED)
  assert.deepEqual([resolved, sink.size, released, quiet], [['good', 'bad 1', 'bad 2'], 0, ['t'], ['t']])
})

test('quarantined records have a shard of their own: where they are refused, others flow', async t => {
  mockTimers(t)
  const { sink, pushes, add, resolved, ruling, released } = bench(t)
  sink.add({ part: { ...part('t', 0), quarantine: true }, ticket: new Ticket(1, () => { resolved.push('quarantined') }) })
  add('t', 0)
  assert.equal(pushes.length, 2)
  ruling.value = { kind: 'held', message: '400 no', hint: undefined }
  await pushes[1].answer(STORED)
  await pushes[0].answer({ kind: 'rejected', status: 400, message: 'no', fault: 'labels' })
  assert.deepEqual([resolved, sink.size, [...sink.waiting]], [['t 0'], 1, [['blocked', 1]]])
  mock.timers.tick(30_000)
  await pushes[2].answer(STORED)
  assert.deepEqual([resolved, sink.size, released], [['t 0', 'quarantined'], 0, ['t']])
})

test('a stop asks at once for all that waits, whatever Loki asked for, and then in short turns', async t => {
  mockTimers(t)
  const { sink, pushes, add, resolved, retries } = bench(t)
  add('limited', 0)
  add('other', 0)
  await pushes[0].answer({ kind: 'retry', reason: '429', message: '', status: 429, retryAfterMs: 60_000 })
  await pushes[1].answer({ kind: 'retry', reason: '5xx', message: '', status: 503, retryAfterMs: 600_000 })
  mock.timers.tick(30_000)
  assert.equal(pushes.length, 2)
  sink.drain()
  assert.deepEqual(pushes.slice(2).map(({ tenant }) => tenant), ['limited', 'other'])
  await pushes[2].answer(STORED)
  for (let i = 3; i < 13; i++) {
    await pushes[i].answer(retry('blocked'))
    mock.timers.tick(500)
  }
  await pushes[13].answer(STORED)
  assert.deepEqual([resolved, retries.length], [['limited 0', 'other 0'], 12])
})
