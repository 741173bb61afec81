import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Watchers } from '../../../../src/ops/page/watchers.ts'
import { listen } from '../../../helpers/http-server.ts'
import { until } from '../../../helpers/until.ts'

interface Options { next?: () => Promise<string | undefined>, most?: number, backlogBytes?: number, intervalMs?: number }

async function setUp (t: TestContext, options: Options = {}) {
  const calls = { next: 0, asleep: 0, errors: [] as unknown[] }
  const watchers = new Watchers({
    intervalMs: 5,
    next: async () => `event ${++calls.next}`,
    onAsleep: () => { calls.asleep++ },
    onError: error => { calls.errors.push(error) },
    ...options
  })
  const server = createServer((_request, response: ServerResponse) => {
    response.writeHead(200)
    watchers.add(response)
  })
  const { port } = await listen(t, server)
  return { watchers, calls, port }
}

/** Watches the page's events and collects them. */
async function watch (port: number): Promise<{ response: IncomingMessage, text: () => string }> {
  const request = get({ port, host: '127.0.0.1', agent: false })
  request.on('error', () => {})
  const [response] = await once(request, 'response') as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', () => {})
  return { response, text: () => text }
}

function timers (): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length
}

test('nothing is made before somebody watches, and nothing after the last has gone', async t => {
  const { watchers, calls, port } = await setUp(t)
  assert.equal(calls.next, 0)
  const before = timers()
  const one = await watch(port)
  const other = await watch(port)
  await until('both have events', () => one.text().includes('data: ') && other.text().includes('data: '))
  one.response.destroy()
  await until('one is gone', () => watchers.count === 1)
  assert.equal(calls.asleep, 0)
  other.response.destroy()
  await until('all are gone', () => watchers.count === 0)
  assert.equal(calls.asleep, 1)
  await until('no timer is left that could make one', () => timers() === before)
  const made = calls.next
  const again = await watch(port)
  await until('it wakes up', () => calls.next > made)
  again.response.destroy()
  await until('it sleeps again', () => calls.asleep === 2)
})

test('all get the same events, each made once, and who comes later the latest at once', async t => {
  let release = (): void => {}
  let made = 0
  const { calls, port } = await setUp(t, {
    next: async () => {
      if (++made > 1) await new Promise<void>(resolve => { release = resolve })
      return `event ${made}`
    }
  })
  const early = await watch(port)
  await until('the first event is there', () => early.text().includes('data: event 1\n\n'))
  await until('the second is being made', () => made === 2)
  const late = await watch(port)
  await until('the first event is there too', () => late.text().includes('data: event 1\n\n'))
  // No snapshot starts while another is being made.
  assert.equal(made, 2)
  release()
  await until('both have the second', () => [early, late].every(({ text }) => text().includes('data: event 2\n\n')))
  for (const { text, response } of [early, late]) {
    assert.match(text(), /^retry: \d+\n\ndata: event 1\n\ndata: event 2\n\n/)
    response.destroy()
  }
  release()
  await until('they are gone', () => calls.asleep === 1)
  release()
})

test('who does not read is cut off, and the others go on', async t => {
  const { watchers, port } = await setUp(t, { next: async () => 'x'.repeat(256 * 1024), intervalMs: 1, backlogBytes: 64 * 1024 })
  const deaf = connect(port, '127.0.0.1')
  deaf.on('error', () => {})
  t.after(() => deaf.destroy())
  deaf.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('it watches', () => watchers.count === 1)
  const reader = await watch(port)
  await until('both watch', () => watchers.count === 2)
  await until('the deaf one is gone', () => watchers.count === 1)
  const length = reader.text().length
  await until('the reader gets more', () => reader.text().length > length)
  reader.response.destroy()
  await until('it is gone', () => watchers.count === 0)
})

test('there is an end to how many may watch', async t => {
  const { watchers, port } = await setUp(t, { most: 2 })
  const first = await watch(port)
  assert.equal(watchers.full, false)
  const second = await watch(port)
  assert.equal(watchers.full, true)
  first.response.destroy()
  await until('there is room again', () => !watchers.full)
  second.response.destroy()
  await until('they are gone', () => watchers.count === 0)
})

test('a snapshot that fails is told of, and the next is tried', async t => {
  let attempts = 0
  const { calls, port } = await setUp(t, {
    next: async () => {
      if (++attempts === 1) throw new Error('no')
      return attempts === 2 ? undefined : 'yes'
    }
  })
  const { response, text } = await watch(port)
  await until('an event comes', () => text().includes('data: yes'))
  assert.deepEqual(calls.errors.map(error => (error as Error).message), ['no'])
  assert.doesNotMatch(text(), /undefined/)
  response.destroy()
  await until('it is gone', () => calls.asleep === 1)
})
