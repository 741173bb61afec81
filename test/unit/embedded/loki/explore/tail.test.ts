import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import type { EmbeddedLoki } from '../../../../../src/embedded/loki/server.ts'
import { until } from '../../../../helpers/until.ts'
import { clock, get, loki, push, type TestEntry } from '../push/logproto.ts'

type Value = [time: string, line: string, more?: object]

interface Message {
  streams: Array<{ stream: Record<string, string>, values: Value[] }>
  dropped_entries?: Array<{ timestamp: string, labels: Record<string, string> }>
  encodingFlags?: string[]
}

interface Client { socket: WebSocket, messages: Message[], lines: () => string[], times: () => string[] }

const headers = { 'x-loki-response-encoding-flags': 'categorize-labels' }

async function follow (t: TestContext, { url }: EmbeddedLoki, params: Record<string, string>, headers = {}): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/loki/api/v1/tail?${new URLSearchParams(params)}`, { headers })
  t.after(() => { socket.terminate() })
  const messages: Message[] = []
  socket.on('message', (data: Buffer) => { messages.push(JSON.parse(data.toString('utf8')) as Message) })
  await once(socket, 'open')
  const values = (): Value[] => messages.flatMap(({ streams }) => streams.flatMap(({ values }) => values))
  return { socket, messages, lines: () => values().map(([, line]) => line), times: () => values().map(([time]) => time) }
}

const entry = (line: string, ms = 0, metadata: Record<string, string> = {}): TestEntry => ({ ms: clock + ms, line, metadata })

test('sends the newest old entries, then what is stored, each once and in order of time', async (t) => {
  const server = await loki(t)
  await push(server, [{ labels: '{a="b"}', entries: [entry('old 1', -3), entry('old 2', -2, { k: 'v' }), entry('old 3', -1)] }])
  const { messages, lines } = await follow(t, server, { query: '{a="b"}', limit: '2' })
  await until('the old ones are there', () => lines().length === 2)
  assert.deepEqual(messages, [{
    streams: [['old 2', -2, { k: 'v' }], ['old 3', -1, {}]].map(([line, ms, metadata]) => ({
      stream: { a: 'b', detected_level: 'unknown', service_name: 'unknown_service', ...metadata as object },
      values: [[`${clock + (ms as number)}000000`, line]]
    }))
  }])
  await push(server, [
    { labels: '{a="b", c="d"}', entries: [entry('new 2', 2)] },
    { labels: '{a="b"}', entries: [entry('new 1', 1)] },
    { labels: '{a="x"}', entries: [entry('another', 1)] }
  ])
  await push(server, [{ labels: '{a="b"}', entries: [entry('new 1', 1), entry('new 3', 3)] }])
  await until('the new ones are there', () => lines().includes('new 3'))
  assert.deepEqual(lines(), ['old 2', 'old 3', 'new 1', 'new 2', 'new 3'])
  assert.deepEqual(messages[1].streams[0], {
    stream: { a: 'b', service_name: 'unknown_service' }, values: [[`${clock + 1}000000`, 'new 1']]
  })
})

test('runs the stages of the query, and gives metadata and parsed labels apart where asked to', async (t) => {
  const server = await loki(t)
  const { messages } = await follow(t, server, { query: '{a="b"} |= "n" | json | n>1' }, headers)
  await push(server, [{ labels: '{a="b"}', entries: [entry('{"n":1}'), entry('{"n":2}', 1, { k: 'v' }), entry('none', 2)] }])
  await until('a message is there', () => messages.length > 0)
  assert.deepEqual(messages, [{
    streams: [{
      stream: { a: 'b', service_name: 'unknown_service' },
      values: [[`${clock + 1}000000`, '{"n":2}', { structuredMetadata: { detected_level: 'unknown', k: 'v' }, parsed: { n: '2' } }]]
    }],
    encodingFlags: ['categorize-labels']
  }])
})

test('with a delay, entries of later pushes find their place', async (t) => {
  const server = await loki(t)
  const { lines } = await follow(t, server, { query: '{a="b"}', delay_for: '1' })
  await push(server, [{ labels: '{a="b"}', entries: [entry('second', 2)] }])
  await push(server, [{ labels: '{a="b"}', entries: [entry('first', 1)] }])
  await until('both are there', () => lines().length === 2)
  assert.deepEqual(lines(), ['first', 'second'])
})

test('a client that does not read loses entries, and is told which', async (t) => {
  const server = await loki(t, { limits: { rateBytes: Infinity, burstBytes: Infinity } })
  const client = await follow(t, server, { query: '{a="b"}' })
  await push(server, [{ labels: '{a="b"}', entries: [entry('begins')] }])
  await until('it begins', () => client.messages.length === 1)
  client.socket.pause()
  const pushes = 200
  for (let i = 1; i <= pushes; i++) await push(server, [{ labels: '{a="b"}', entries: [entry(`${i} ${'x'.repeat(200_000)}`, i)] }])
  client.socket.resume()
  // What was dropped is told with the next entry that is sent.
  const isTold = (): boolean => client.messages.some(({ dropped_entries: dropped = [] }) => dropped.length > 0)
  const wait = AbortSignal.timeout(15_000)
  for (let more = pushes + 1; !isTold(); more++) {
    wait.throwIfAborted()
    await push(server, [{ labels: '{a="b"}', entries: [entry('more', more)] }])
  }
  const dropped = client.messages.flatMap(({ dropped_entries: dropped = [] }) => dropped)
  assert.deepEqual(dropped[0].labels, { a: 'b', service_name: 'unknown_service' })
  const got = new Set(client.times())
  assert.deepEqual(dropped.filter(({ timestamp }) => got.has(timestamp)), [])
})

test('a metric query gets no tail', async (t) => {
  const { socket } = await follow(t, await loki(t), { query: 'rate({a="b"}[5m])' })
  const [code, reason] = await once(socket, 'close') as [number, Buffer]
  assert.deepEqual([code, reason.toString()], [1011, 'only log selector is supported'])
})

for (const [params, status, text] of [
  ['query={', 400, 'parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }'],
  ['query={a="b"}&delay_for=6', 400, "delay_for can't be greater than 5"],
  ['query={a="b"}&limit=x', 400, 'strconv.Atoi: parsing "x": invalid syntax']
] as const) {
  test(`refuses a tail before it opens: ${params}`, async (t) => {
    const server = await loki(t)
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/loki/api/v1/tail?${params}`)
    t.after(() => { socket.terminate() })
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response') as [unknown, AsyncIterable<Buffer> & { statusCode: number }]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    assert.deepEqual([response.statusCode, Buffer.concat(chunks).toString().trimEnd()], [status, text])
  })
}

test('tenants are told apart, and a request without one is refused', async (t) => {
  const server = await loki(t, { authEnabled: true })
  const { lines } = await follow(t, server, { query: '{a="b"}' }, { 'x-scope-orgid': 'one' })
  await push(server, [{ labels: '{a="b"}', entries: [entry('of two')] }], { 'x-scope-orgid': 'two' })
  await push(server, [{ labels: '{a="b"}', entries: [entry('of one')] }], { 'x-scope-orgid': 'one' })
  await until('one is there', () => lines().length > 0)
  assert.deepEqual(lines(), ['of one'])
  await assert.rejects(follow(t, server, { query: '{a="b"}' }), /401/)
})

test('closing the server ends its tails; a client that goes leaves no watcher', async (t) => {
  const server = await loki(t)
  const { socket } = await follow(t, server, { query: '{a="b"}' })
  const closed = once(socket, 'close')
  const rude = connect(server.port, '127.0.0.1')
  rude.on('error', () => {})
  rude.write('GET /loki/api/v1/tail?query=%7Ba%3D%22b%22%7D HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
    'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  await once(rude, 'data')
  rude.resetAndDestroy()
  await push(server, [{ labels: '{a="b"}', entries: [entry('x')] }])
  assert.equal((await get(server, '/ready')).status, 200)
  await server.close()
  await closed
})
