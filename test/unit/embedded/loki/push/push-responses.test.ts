import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { test } from 'node:test'
import { block, clock, loki, lines, post, pushRequest, type Answer, type TestEntry, type TestStream } from './logproto.ts'

interface Case {
  name: string
  headers?: Record<string, string>
  rawBodyBase64?: string
  streams?: CapturedStream[]
  pushedBefore?: CapturedStream[]
  response: { status: number, contentType: string | null, body: string }
}

interface CapturedStream {
  labels: string
  entries: Array<{ at?: number, line?: string, len?: number, note?: string, meta?: Array<{ name: string, value: string }> }>
}

/** The fixtures lie beside package.json, whether the tests run from source or from a build. */
function projectFolder (): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return folder
}

const cases = JSON.parse(readFileSync(new URL('test/fixtures/loki/push-responses.json', projectFolder()), 'utf8')) as Case[]
const abbreviation = /^(.*?)…\((\d+) characters\)…(.*)$/s

/** Restores a text whose run of one character the capture shortens to its two ends. */
function expand (text: string): string {
  const parts = abbreviation.exec(text)
  if (parts === null) return text
  const [, head, length, tail] = parts
  return head + head.at(-1)!.repeat(Number(length) - head.length - tail.length) + tail
}

function streamsOf (captured: CapturedStream[]): TestStream[] {
  return captured.map(({ labels, entries }) => ({
    labels: expand(labels),
    entries: entries.flatMap((entry, i): TestEntry[] => {
      const alike = /^(\d+) entries alike$/.exec(entry.note ?? '')
      if (alike !== null) {
        return Array.from({ length: Number(alike[1]) - i }, (_, n) => ({ ms: clock + i + n, line: 'x'.repeat(entries[0].len!) }))
      }
      return [{
        ms: clock + Math.round((entry.at ?? 0) * 1000),
        line: entry.line ?? 'x'.repeat(entry.len!),
        metadata: Object.fromEntries((entry.meta ?? []).map(({ name, value }) => [name, expand(value)]))
      }]
    })
  }))
}

/** Requests that the capture names but does not show. */
const unseen: Record<string, () => Buffer> = {
  'invalid UTF-8 in line': () =>
    block(pushRequest([{ labels: '{job="a"}', entries: [{ ms: clock, line: Buffer.from([0x61, 0xff, 0xfe, 0x62]) }] }])),
  'two snappy blocks merged into one (sum length, concatenated elements)': () => {
    const parts = [
      'a', 'b'
    ].map((job) => pushRequest([{ labels: `{job="${job}"}`, entries: [{ ms: clock, line: `of ${job} `.repeat(20) }] }]))
    const length = parts[0].length + parts[1].length
    assert.ok(parts.every((part) => part.length >= 128 && part.length < 16_384) && length < 16_384, 'preambles of two bytes')
    return Buffer.concat([Buffer.from([(length & 0x7f) | 0x80, length >> 7]), ...parts.map((part) => block(part).subarray(2))])
  }
}

/** Makes messages comparable: their times are those of the capture, and one holds raw bytes of the request. */
function normal (text: string): string {
  const timed = text.replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/g, 'TIME')
  const start = timed.indexOf('\u0012\u0010\n\u000b\b')
  const end = timed.indexOf('\u0012\u0001x', start)
  return start < 0 || end < 0 ? timed : timed.slice(0, start + 5) + 'TIME' + timed.slice(end)
}

async function send (loki: { url: string }, example: Case): Promise<Answer> {
  if (example.name === 'GET instead of POST') {
    const response = await fetch(`${loki.url}/loki/api/v1/push`)
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  const body = example.rawBodyBase64 !== undefined
    ? Buffer.from(example.rawBodyBase64, 'base64')
    : unseen[example.name]?.() ?? block(pushRequest(streamsOf(example.streams!)))
  if (example.headers?.['content-type'] !== '') return await post(loki, body, example.headers)
  // fetch always sends a content type, so this uses a plain request.
  return await new Promise((resolve, reject) => {
    const req = request(`${loki.url}/loki/api/v1/push`, { method: 'POST' }, (res) => {
      res.setEncoding('utf8')
      let text = ''
      res.on('data', (part: string) => { text += part })
      res.on('end', () => { resolve({ status: res.statusCode!, type: res.headers['content-type'] ?? null, text }) })
    })
    req.on('error', reject).end(body)
  })
}

test('the captured pushes are all there', () => {
  assert.equal(cases.length, 36)
})

for (const example of cases) {
  test(`answers as Loki 3.4.6: ${example.name}`, async (t) => {
    const server = await loki(t)
    if (example.pushedBefore !== undefined) {
      assert.equal((await post(server, block(pushRequest(streamsOf(example.pushedBefore))))).status, 204)
    }
    const answer = await send(server, example)
    assert.equal(answer.status, example.response.status)
    assert.equal(answer.type, example.response.contentType)
    const shortened = abbreviation.exec(example.response.body)
    if (shortened === null) assert.equal(normal(answer.text), normal(example.response.body))
    else {
      assert.ok(answer.text.startsWith(shortened[1]) && answer.text.endsWith(shortened[3]))
      assert.equal(answer.text.length, Number(shortened[2]))
    }
  })
}

test('a partial 400 stores the valid entries', async (t) => {
  const server = await loki(t)
  await send(server, cases.find(({ name }) => name === 'too long line among good ones')!)
  assert.deepEqual(await lines(server, '{job="a"}'), ['g1', 'g2'])
  assert.equal(server.stats().rejected.line_too_long, 1)
})

test('a refused rate stores nothing', async (t) => {
  const server = await loki(t)
  await send(server, cases.find(({ name }) => name.startsWith('7 MB'))!)
  assert.equal(server.stats().entries, 0)
  assert.equal(server.stats().rejected.rate_limited, 28)
})

test('labels that do not parse refuse the whole push', async (t) => {
  const server = await loki(t)
  const entries = [{ ms: clock, line: 'x' }]
  const answer = await post(server, block(pushRequest([{ labels: '{a="b"}', entries }, { labels: '{a=', entries }])))
  assert.equal(answer.status, 400)
  assert.equal(server.stats().entries, 0)
  assert.equal(server.stats().rejected.malformed, 1)
})

test('joined snappy blocks store the streams of both, and an equal entry is stored once', async (t) => {
  const server = await loki(t)
  await post(server, unseen['two snappy blocks merged into one (sum length, concatenated elements)']())
  assert.equal((await lines(server, '{job=~"a|b"}')).length, 2)
  await send(server, cases.find(({ name }) => name.startsWith('exact duplicate'))!)
  await send(server, cases.find(({ name }) => name.startsWith('exact duplicate'))!)
  assert.deepEqual(await lines(server, '{job="dup"}'), ['same'])
  assert.equal(server.stats().duplicates, 1)
})

test('bytes that are not UTF-8 are shown as replacement characters', async (t) => {
  const server = await loki(t)
  await post(server, unseen['invalid UTF-8 in line']())
  assert.deepEqual(await lines(server, '{job="a"}'), ['a\ufffd\ufffdb'])
})
