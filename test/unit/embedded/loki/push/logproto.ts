import type { TestContext } from 'node:test'
import protobuf from 'protobufjs'
import snappy from 'snappy'
import { startLoki, type EmbeddedLoki, type LokiOptions } from '../../../../../src/embedded/loki/server.ts'

// An encoder that shares nothing with the decoder under test or with Lokean's own encoder.
const schema = protobuf.parse(`
  syntax = "proto3";
  message PushRequest { repeated Stream streams = 1; }
  message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
  message Entry { Timestamp timestamp = 1; bytes line = 2; repeated LabelPair structuredMetadata = 3; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message LabelPair { string name = 1; string value = 2; }
`, { keepCase: true }).root.lookupType('PushRequest')

export interface TestEntry {
  /** Milliseconds since 1970; `ns` adds nanoseconds. */
  ms: number
  ns?: number
  line: string | Buffer
  metadata?: Record<string, string>
}

export interface TestStream {
  labels: string
  entries: TestEntry[]
}

export function pushRequest (streams: TestStream[]): Buffer {
  return Buffer.from(schema.encode(schema.fromObject({
    streams: streams.map(({ labels, entries }) => ({
      labels,
      entries: entries.map(({ ms, ns = 0, line, metadata = {} }) => ({
        timestamp: { seconds: Math.floor(ms / 1000), nanos: Math.round((ms - Math.floor(ms / 1000) * 1000) * 1e6) + ns },
        line: Buffer.from(line),
        structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value }))
      }))
    }))
  })).finish())
}

export const block = (bytes: Uint8Array): Buffer => snappy.compressSync(Buffer.from(bytes))

/** The present time of the tests' clock. */
export const clock = Date.parse('2026-11-22T08:10:15.191Z')

export async function loki (t: TestContext, options: LokiOptions = {}): Promise<EmbeddedLoki> {
  const started = await startLoki({ now: () => clock, ...options })
  t.after(async () => { await started.close() })
  return started
}

export interface Answer {
  status: number
  type: string | null
  text: string
}

export async function post (loki: { url: string }, body: Buffer | string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${loki.url}/loki/api/v1/push`, {
    method: 'POST', headers: { 'content-type': 'application/x-protobuf', ...headers }, body
  })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

export async function push (loki: { url: string }, streams: TestStream[], headers: Record<string, string> = {}): Promise<Answer> {
  return await post(loki, block(pushRequest(streams)), headers)
}

export async function get (
  loki: { url: string }, path: string, params: Record<string, string> = {}, headers: Record<string, string> = {}
): Promise<Answer> {
  const response = await fetch(`${loki.url}${path}?${new URLSearchParams(params).toString()}`, { headers })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

/** Returns all lines of a query, the oldest first. */
export async function lines (loki: { url: string }, query: string, params: Record<string, string> = {}): Promise<string[]> {
  const answer = await get(loki, '/loki/api/v1/query_range', {
    query,
    direction: 'forward',
    limit: '5000',
    start: String(clock - 86_400_000 * 8) + '000000',
    end: String(clock + 3_600_000) + '000000',
    ...params
  })
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  const parsed = JSON.parse(answer.text) as { data: { result: Array<{ values: Array<[string, string]> }> } }
  return parsed.data.result.flatMap(({ values }) => values).sort((a, b) => BigInt(a[0]) < BigInt(b[0]) ? -1 : 1).map(([, line]) => line)
}
