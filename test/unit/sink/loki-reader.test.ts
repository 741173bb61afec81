import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LokiReader } from '../../../src/sink/loki-reader.ts'

interface Asked { tenant: string, path: string, headers: Record<string, string> }

function readerOf (status: number, text: string): { reader: LokiReader, asked: Asked[] } {
  const asked: Asked[] = []
  const get = async (_: number, tenant: string, path: string, __: AbortSignal, headers = {}): Promise<{ status: number, text: string }> => {
    asked.push({ tenant, path, headers })
    return await Promise.resolve({ status, text })
  }
  return { reader: new LokiReader({ get }), asked }
}

const ANSWER = JSON.stringify({
  status: 'success',
  data: {
    resultType: 'streams',
    encodingFlags: ['categorize-labels'],
    result: [{
      stream: { host: 'h', service_name: 'unknown_service' },
      values: [['1000000000000000001', 'one', {}], ['1000000000000000002', 'two', { structuredMetadata: { pid: '7' }, parsed: {} }]]
    }]
  }
})

test('entries come with the labels of their stream, and with their metadata apart', async () => {
  const { reader, asked } = readerOf(200, ANSWER)
  const range = { start: 1n, end: 10n ** 19n, limit: 5000 }
  assert.deepEqual(await reader.range('acme', '{host="h"}', range, new AbortController().signal), [{
    labels: { host: 'h', service_name: 'unknown_service' },
    entries: [
      { time: '1000000000000000001', line: 'one', metadata: {} },
      { time: '1000000000000000002', line: 'two', metadata: { pid: '7' } }
    ]
  }])
  const [{ tenant, path, headers } = assert.fail()] = asked
  assert.equal(tenant, 'acme')
  assert.equal(path, '/loki/api/v1/query_range?query=%7Bhost%3D%22h%22%7D&start=1&end=10000000000000000000&limit=5000&direction=forward')
  assert.deepEqual(headers, { 'x-loki-response-encoding-flags': 'categorize-labels', 'cache-control': 'no-cache' })
})

test('any other answer is an error with what was said', async () => {
  const ask = async (status: number, text: string): Promise<unknown> => await readerOf(status, text).reader
    .range('', '{a="b"}', { start: 0n, end: 1n, limit: 1 }, new AbortController().signal)
  await assert.rejects(ask(429, 'too many outstanding requests\n'), /^Error: Loki answered a query with 429 too many outstanding requests$/)
  await assert.rejects(ask(200, '<html>'), SyntaxError)
})
