import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Fault, PushAttempt } from '../../../../src/embedded/loki/push/fault.ts'
import { startLoki } from '../../../../src/embedded/loki/server.ts'
import { until } from '../../../helpers/until.ts'
import { block, clock, get, lines, loki, post, push, pushRequest } from './push/logproto.ts'

const one = [{ labels: '{a="b"}', entries: [{ ms: clock, line: 'x' }] }]
const json = { 'content-type': 'application/json; charset=utf-8' }
const now = String(clock) + '000000'
const jsonPush = (value: unknown, stream: unknown = { a: 'b' }): string => JSON.stringify({ streams: [{ stream, values: [value] }] })

test('takes JSON pushes, gzipped ones and text timestamps', async (t) => {
  const server = await loki(t)
  const body = jsonPush([now, 'líne "1"', { level: 'error', 'http.path': 'a/b' }])
  assert.equal((await post(server, body, json)).status, 204)
  assert.equal((await post(server, gzipSync(body), { ...json, 'content-encoding': 'gzip' })).status, 204)
  assert.equal(server.stats().duplicates, 1)
  const { data } = JSON.parse((await get(server, '/loki/api/v1/query_range', {
    query: '{a="b"} | level="error"', end: String(clock + 1) + '000000'
  })).text) as { data: { result: unknown[] } }
  assert.deepEqual(data.result, [{
    stream: { a: 'b', detected_level: 'error', http_path: 'a/b', level: 'error', service_name: 'unknown_service' },
    values: [[now, 'líne "1"']]
  }])
})

test('takes gzipped protobuf, and any content type but JSON as protobuf', async (t) => {
  const server = await loki(t)
  assert.equal((await post(server, gzipSync(block(pushRequest(one))), { 'content-encoding': 'gzip' })).status, 204)
  assert.equal((await post(server, block(pushRequest(one)), { 'content-type': 'text/plain' })).status, 204)
  assert.equal(server.stats().duplicates, 1)
})

// The answers are those of Loki 3.4.6.
for (const [name, body, headers, status, text] of [
  ['an empty JSON body', '', json, 400, 'EOF\n'],
  ['JSON without streams', '{}', json, 422, 'error at least one valid stream is required for ingestion\n'],
  ['a JSON array', '[]', json, 400, 'readObjectStart: expect { or n, but found [, error found in #1 byte of ...|[]|..., bigger context ...|[]|...\n'],
  ['a time that is no number', jsonPush(['x', 'x']), json, 400, 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: Value looks like Number/Boolean/None, but can\'t find its end: \',\' or \'}\' symbol, ' +
    'error found in #10 byte of ...|"x","x"]]}]}|..., bigger context ...|treams":[{"stream":{"a":"b"},"values":[["x","x"]]}]}|...\n'],
  ['metadata that are no object', jsonPush([now, 'x', 'y']), json, 400, 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: Value looks like object, but can\'t find closing \'}\' symbol, ' +
    `error found in #10 byte of ...|"x","y"]]}]}|..., bigger context ...|":"b"},"values":[["${now}","x","y"]]}]}|...\n`],
  ['metadata whose value is no text', jsonPush([now, 'x', { k: 1 }]), json, 400, 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: Value is string, but can\'t find closing \'"\' symbol, ' +
    `error found in #10 byte of ...|{"k":1}]]}]}|..., bigger context ...|"},"values":[["${now}","x",{"k":1}]]}]}|...\n`],
  ['a label name that is none', jsonPush([now, 'x'], { 'a-b': 'x' }), json, 400, 'couldn\'t parse labels: 1:3: parse error: unexpected character inside braces: \'-\'\n'],
  ['a label value that is a number', jsonPush([now, 'x'], { a: 1 }), json, 204, ''],
  ['an entry without a line', jsonPush([now]), json, 204, ''],
  ['no values', '{"streams":[{"stream":{"a":"x"},"values":null}]}', json, 204, ''],
  ['an encoding it does not know', 'x', { ...json, 'content-encoding': 'br' }, 400, 'Content-Encoding "br" not supported\n'],
  ['gzip that is none', 'xxxxxxxxxxxxxxxxx', { ...json, 'content-encoding': 'gzip' }, 400, 'gzip: invalid header\n'],
  ['a content type of three parts', 'x', { 'content-type': 'a/b/c; x' }, 400, 'mime: unexpected content after media subtype\n']
] as Array<[string, string, Record<string, string>, number, string]>) {
  test(`answers ${status} to ${name}`, async (t) => {
    const server = await loki(t)
    const answer = await post(server, body, headers)
    assert.deepEqual([answer.status, answer.text], [status, text])
    assert.equal(server.stats().rejected.malformed, status === 400 ? 1 : 0)
  })
}

test('JSON that is cut short stores nothing', async (t) => {
  const server = await loki(t)
  assert.equal((await post(server, jsonPush([now, 'x']).slice(0, -3), json)).status, 400)
  assert.equal(server.stats().entries, 0)
})

test('a bomb is refused before it fills the memory', async (t) => {
  const server = await loki(t)
  assert.equal((await post(server, gzipSync(Buffer.alloc(65 * 1_048_576)), { 'content-encoding': 'gzip' })).status, 400)
  assert.equal((await post(server, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]))).text, 'snappy: corrupt input\n')
})

test('the interceptor sees each push and lets it pass where it answers nothing', async (t) => {
  const seen: PushAttempt[] = []
  const server = await loki(t, { intercept: (attempt) => { seen.push(attempt); return undefined } })
  const body = block(pushRequest(one))
  await post(server, body)
  await post(server, body)
  assert.deepEqual(seen.map(({ tenant, attempt, body }) => [tenant, attempt, body.length]), [
    ['fake', 1, body.length], ['fake', 2, body.length]
  ])
  assert.equal(server.stats().pushes, 2)
})

test('a fault answers any status with any headers, before or after the push is stored', async (t) => {
  const faults: Fault[] = [
    { kind: 'answer', status: 429, headers: { 'retry-after': '7' }, text: 'slow down' },
    { kind: 'answer', status: 503, stored: true }
  ]
  const server = await loki(t, { intercept: async () => faults.shift() })
  const limited = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: block(pushRequest(one))
  })
  assert.deepEqual([
    limited.status, limited.headers.get('retry-after'), await limited.text(), server.stats().entries
  ], [429, '7', 'slow down', 0])
  assert.deepEqual([(await push(server, one)).status, server.stats().entries], [503, 1])
  assert.deepEqual([(await push(server, one)).status, server.stats().entries, server.stats().duplicates], [204, 1, 1])
})

for (const [when, stored] of [['before-store', 0], ['after-store', 1]] as const) {
  test(`a fault closes the connection ${when}`, async (t) => {
    const server = await loki(t, { intercept: () => ({ kind: 'close', when }) })
    await assert.rejects(push(server, one), TypeError)
    assert.equal(server.stats().entries, stored)
  })
}

test('a fault closes the connection in the middle of an answer', async (t) => {
  const server = await loki(t, { intercept: () => ({ kind: 'close', when: 'mid-response' }) })
  const response = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: block(pushRequest(one))
  })
  assert.equal(response.status, 200)
  await assert.rejects(response.text())
  assert.equal(server.stats().entries, 1)
})

for (const stored of [false, true]) {
  test(`a fault hangs until released, the push ${stored ? '' : 'not '}stored meanwhile`, async (t) => {
    let release = (): void => {}
    let reached = (): void => {}
    const hanging = new Promise<void>((resolve) => { reached = resolve })
    const released = new Promise<void>((resolve) => { release = resolve })
    const server = await loki(t, { intercept: () => { reached(); return { kind: 'hang', release: released, stored } } })
    let answered = false
    const answer = push(server, one).finally(() => { answered = true })
    await hanging
    // A second, complete request proves that the first one had time to be answered.
    await get(server, '/ready')
    assert.deepEqual([answered, server.stats().entries], [false, stored ? 1 : 0])
    release()
    assert.deepEqual([(await answer).status, server.stats().entries], [204, 1])
  })
}

test('what hung is stored although the client has given up', async (t) => {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => { release = resolve })
  let reached = (): void => {}
  const hanging = new Promise<void>((resolve) => { reached = resolve })
  const server = await loki(t, { intercept: () => { reached(); return { kind: 'hang', release: released } } })
  const impatient = new AbortController()
  const answer = fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: block(pushRequest(one)), signal: impatient.signal
  })
  await hanging
  impatient.abort()
  await assert.rejects(answer, { name: 'AbortError' })
  assert.equal(server.stats().entries, 0)
  release()
  await until('it is stored', () => server.stats().entries === 1)
})

test('close ends what hangs, idle connections and half a request', async (t) => {
  let reached = (): void => {}
  const hanging = new Promise<void>((resolve) => { reached = resolve })
  const server = await startLoki({ intercept: () => { reached(); return { kind: 'hang', release: new Promise(() => {}) } } })
  t.after(async () => { await server.close() })
  const half = connect(server.port, '127.0.0.1', () => { half.write('POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc') })
  half.on('error', () => {})
  const ended = once(half, 'close')
  const answer = assert.rejects(push(server, one))
  await hanging
  await server.close()
  await Promise.all([answer, ended])
  await server.close()
})

test('a port that is taken is an error of its own', async (t) => {
  const server = await loki(t)
  await assert.rejects(startLoki({ port: server.port }), { code: 'LOKEAN_PUSH' })
})

test('entries of many pushes at once are all stored, once each', async (t) => {
  const server = await loki(t)
  const pushes = Array.from(
    { length: 40 },
    (_, i) => [{ labels: `{s="${i % 5}"}`, entries: Array.from({ length: 25 }, (_, n) => ({ ms: clock + n, line: `id=${i * 25 + n}` })) }]
  )
  const answers = await Promise.all([...pushes, ...pushes].map((streams) => push(server, streams)))
  assert.ok(answers.every(({ status }) => status === 204))
  assert.equal((await lines(server, '{s=~".+"}')).length, 1000)
  const { distinct, repeated, missing } = server.store.countIds('id=', { expected: 1000 })
  assert.deepEqual([distinct, repeated, missing, server.stats().duplicates], [1000, 0, 0, 1000])
})
