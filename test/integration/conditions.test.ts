import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

const BRIEF = { LOKEAN_DRAIN_TIMEOUT: '100ms' }
const ONE_SHARD = { ...BRIEF, LOKEAN_SHARDS: '1' }

function warnings (stack: Stack): Array<{ reason?: string, message?: string, mend?: string, msg: string }> {
  return stack.log.map(line => JSON.parse(line) as { level: string, msg: string }).filter(({ level }) => level === 'warn')
}

/** Those that a witness brought: what stands in for a record in it is always the same. */
function witnesses (stack: Stack): number {
  return stack.stored().filter(({ line }) => line.toString().startsWith('Lokean asks whether')).length
}

for (const text of ['Client sent an HTTP request to an HTTPS server.', '<html>Request blocked</html>', '', 'no']) {
  test(`a 400 to whatever comes (${text}) holds everything: nothing is put aside or accepted, and it is told once`, async t => {
    const dir = await mkdtemp(join(tmpdir(), 'lokean-test-'))
    t.after(async () => { await rm(dir, { recursive: true }) })
    let pushes = 0
    const stack = await Stack.start(t, {
      env: { ...BRIEF, LOKEAN_DEAD_LETTER_DIR: dir },
      loki: { intercept: () => { pushes++; return { kind: 'answer', status: 400, text } } }
    })
    const sender = await stack.sender()
    const records = Array.from({ length: 200 }, (_, i) => record({ host: `h${i % 3}`, message: `line ${i}` }))
    void sender.send(message(records))
    await until('it is held', () => stack.pipeline.status().checks.loki.detail.includes('400'))
    const before = pushes
    await until('it was tried some times more', () => pushes > before + 12)
    assert.equal(stack.pipeline.status().ready, false)
    assert.equal(warnings(stack).length, 1)
    assert.ok(warnings(stack).every(({ mend = '' }) => mend.includes('LOKEAN_LOKI_URL')))
    await stack.stop()
    assert.deepEqual([stack.bus.stats()['rsyslog/logs'].accepted, stack.stored().length, await readdir(dir)], [0, 0, []])
  })
}

test('what was held is stored when the condition ends', async t => {
  let refuses = true
  const stack = await Stack.start(t, {
    env: ONE_SHARD, loki: { intercept: () => refuses ? { kind: 'answer', status: 400, text: 'no' } : undefined }
  })
  const sender = await stack.sender()
  const sent = sender.send(message(Array.from({ length: 50 }, (_, i) => record({ message: `line ${i}` }))))
  await until('it is held', () => stack.pipeline.status().checks.loki.detail.includes('400'))
  refuses = false
  assert.equal(await sent, 'accepted')
  assert.equal(stack.stored().length, 50)
  assert.equal(await stack.metric('lokean_records_quarantined_total', { reason: 'refused' }), 0)
  assert.equal(stack.pipeline.status().ready, true)
})

test('a tenant that takes no metadata: everything is held, and the setting is named', async t => {
  const stack = await Stack.start(t, { env: ONE_SHARD, loki: { limits: { metadata: false } } })
  const sender = await stack.sender()
  void sender.send(message(Array.from({ length: 20 }, (_, i) => record({ message: `line ${i}`, file: '/x' }))))
  await until('the setting is named', () => warnings(stack).some(({ mend }) => mend?.includes('LOKEAN_METADATA=off')))
  await stack.stop()
  assert.deepEqual([stack.bus.stats()['rsyslog/logs'].accepted, stack.stored().length], [0, 0])
})

test('an address whose labels lack one that the tenant enforces is held, and named; another of the tenant flows', async t => {
  const stack = await Stack.start(t, {
    env: { ...ONE_SHARD, LOKEAN_AMQP_ADDRESSES: 'good;env=prod,bad' }, loki: { limits: { enforcedLabels: ['env'] } }
  })
  const [good, bad] = [await stack.sender('good'), await stack.sender('bad')]
  void bad.send(message([record({ message: 'held' })]))
  await until(
    'it is held', () => warnings(stack).some(({ message }) => message?.includes('missing required labels'))
  )
  for (let i = 0; i < 5; i++) assert.equal(await good.send(message([record({ message: `line ${i}` })])), 'accepted')
  assert.equal(stack.stored().length, 5)
  const { checks, ready } = stack.pipeline.status()
  assert.ok(ready)
  assert.match(checks.loki.detail, /pushes are stored; some records .* are held .*missing required labels/)
  assert.ok(warnings(stack).some(({ mend }) => mend?.includes('behind the address')))
})

test('a record that lacks a label which the others of its address have is put aside, and holds up nobody', async t => {
  const stack = await Stack.start(t, { env: ONE_SHARD, loki: { limits: { enforcedLabels: ['host'] } } })
  const sender = await stack.sender()
  void sender.send(message([record({ message: 'no host', host: undefined })]))
  for (let i = 0; !stack.log.some(line => line.includes('Loki refused records')); i++) {
    assert.ok(i < 10_000, 'the record is held for ever')
    assert.equal(await sender.send(message([record({ message: `line ${i}` })])), 'accepted')
  }
})

test('one bad record of a quiet tenant is put aside by Loki\'s own word, with nothing else to go by', async t => {
  const stack = await Stack.start(t, { env: ONE_SHARD, loki: { limits: { lineBytes: 1000 } } })
  const sender = await stack.sender()
  assert.equal(await sender.send(message([record({ message: 'x'.repeat(2000) })])), 'accepted')
  assert.equal(await stack.metric('lokean_records_quarantined_total', { reason: 'refused' }), 1)
  assert.equal(witnesses(stack), 0)
})

test('a record that is refused for no known reason is put aside where a witness of its shape is taken', async t => {
  const stack = await Stack.start(t, {
    env: ONE_SHARD,
    loki: { intercept: ({ body }) => body.includes('poison') ? { kind: 'answer', status: 400, text: 'a rule of ours' } : undefined }
  })
  const sender = await stack.sender()
  const records = Array.from({ length: 30 }, (_, i) => record({ message: i === 7 ? 'poison' : `line ${i}` }))
  void sender.send(message(records))
  await until('all others are stored', () => stack.stored().filter(({ line }) => line.toString().startsWith('line')).length === 29)
  await until('it was put aside', () => stack.log.some(line => line.includes('Loki refused records')))
  assert.ok(witnesses(stack) >= 1)
})

test('a tenant that is blocked beside one that flows is named by readiness, told once, and holds up nobody', async t => {
  const stack = await Stack.start(t, {
    env: { ...BRIEF, LOKEAN_AMQP_ADDRESSES: 'a;tenant=good,b;tenant=bad' },
    loki: {
      authEnabled: true,
      intercept: ({ tenant }) => tenant === 'bad' ? { kind: 'answer', status: 401, text: 'no' } : undefined
    }
  })
  const [good, bad] = [await stack.sender('a'), await stack.sender('b')]
  void bad.send(message([record()]))
  await until('it failed', () => warnings(stack).length > 0)
  for (let i = 0; i < 50; i++) {
    assert.equal(await good.send(message([record({ message: `line ${i}` })])), 'accepted')
    assert.match(stack.pipeline.status().checks.loki.detail, /nothing of tenant bad is stored for \d+ s \(blocked: 401 no\)/)
    assert.ok(stack.pipeline.status().ready)
  }
  assert.equal(stack.log.filter(line => line.includes('tried again') || line.includes('takes pushes again')).length, 1)
})

const many = (count: number, bytes: number): Uint8Array =>
  message(Array.from({ length: count }, (_, i) => record({ host: `h${i % 4}`, message: `line ${i} ${'x'.repeat(bytes)}` })))

test('an endpoint of two that refuses whatever comes is left out, and named', async t => {
  const sick = createServer((
    _request, response
  ) => { response.writeHead(400, { 'content-type': 'text/html' }).end('<html>blocked</html>') })
  await new Promise<void>(resolve => { sick.listen(0, '127.0.0.1', resolve) })
  t.after(() => { sick.closeAllConnections(); sick.close() })
  const url = `http://127.0.0.1:${(sick.address() as AddressInfo).port}`
  const loki = await startLoki()
  t.after(async () => { await loki.close() })
  const stack = await Stack.start(t, { env: { ...ONE_SHARD, LOKEAN_LOKI_URL: `${url},${loki.url}` } })
  const sender = await stack.sender()
  for (let i = 0; i < 20; i++) assert.equal(await sender.send(message([record({ message: `line ${i}` })])), 'accepted')
  const refused = stack.log.filter(line => line.includes('"msg":"push"') && line.includes('rejected')).length
  assert.ok(refused > 0 && refused <= 4, `${refused} pushes went to the endpoint that refuses them`)
  assert.match(stack.pipeline.status().checks.loki.detail, new RegExp(`${url} fails for \\d+ s`))
})

test('a stop drains what waits for a Retry-After, where Loki takes it by then', async t => {
  let refuses = true
  const stack = await Stack.start(t, {
    env: { ...ONE_SHARD, LOKEAN_DRAIN_TIMEOUT: '10s' },
    loki: { intercept: () => refuses ? { kind: 'answer', status: 503, headers: { 'retry-after': '600' } } : undefined }
  })
  const sent = (await stack.sender()).send(message([record()]))
  await until('it waits', () => warnings(stack).length > 0)
  refuses = false
  assert.deepEqual(await stack.stop(), { unsettledBytes: 0 })
  assert.equal(await sent, 'accepted')
})

test('a push larger than the burst shrinks until it fits, and all is stored', async t => {
  const stack = await Stack.start(t, { env: ONE_SHARD, loki: { limits: { rateBytes: 10e6, burstBytes: 100_000 } } })
  const sender = await stack.sender()
  assert.equal(await sender.send(many(600, 1000)), 'accepted')
  assert.equal(stack.stored().length, 600 + witnesses(stack))
})

test('a push larger than a message between Loki\'s parts, or than a proxy takes, shrinks likewise', async t => {
  const grpc = await Stack.start(t, { env: ONE_SHARD, loki: { limits: { messageBytes: 50_000 } } })
  assert.equal(await (await grpc.sender()).send(many(600, 1000)), 'accepted')
  assert.equal(grpc.stored().length, 600 + witnesses(grpc))
  const proxy = await Stack.start(t, {
    env: ONE_SHARD,
    loki: {
      intercept: ({ body }) => body.length > 3_000
        ? { kind: 'answer', status: 413, text: '<html>413 Request Entity Too Large</html>' }
        : undefined
    }
  })
  assert.equal(await (await proxy.sender()).send(many(600, 1000)), 'accepted')
  assert.equal(proxy.stored().filter(({ line }) => line.toString().startsWith('line')).length, 600)
})

test('a 413 to whatever comes is a condition: nothing is taken apart or put aside', async t => {
  let pushes = 0
  const stack = await Stack.start(t, {
    env: ONE_SHARD, loki: { intercept: () => { pushes++; return { kind: 'answer', status: 413, text: 'too large' } } }
  })
  void (await stack.sender()).send(many(600, 100))
  await until('it is held', () => warnings(stack).some(({ mend }) => mend?.includes('LOKEAN_PUSH_BYTES')))
  assert.ok(pushes < 100, `${pushes} pushes`)
  await stack.stop()
  assert.deepEqual([stack.bus.stats()['rsyslog/logs'].accepted, stack.stored().length], [0, 0])
})
