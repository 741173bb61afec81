import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LokiQuery } from '../../../../src/commands/demo/query.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { LokiClient } from '../../../../src/sink/client.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { httpServer } from '../../../helpers/http-server.ts'

test('a Loki that refuses a query, or does not answer it, is told of as what it is', async t => {
  const { url } = await httpServer(t, (response, { url }) => {
    if (url.includes('series')) response.writeHead(500).end('no\n')
    else response.destroy()
  })
  const { config } = loadConfig({ LOKEAN_LOKI_URL: url })
  const client = new LokiClient({ ...config.loki, timeoutMs: 60_000 }, 't')
  Cleanup.of(t).add(async () => { await client.close() })
  const query = new LokiQuery(client, '')
  const range = { start: 0n, end: 1n }
  await assert.rejects(query.streams('{a="b"}', range), { code: 'LOKEAN_QUERY', message: /^Loki answered 500 to \/loki\/api\/v1\/series\?.*: no$/ })
  await assert.rejects(query.lines('{a="b"}', range, 1), { code: 'LOKEAN_QUERY', message: /^Loki did not answer \/loki\/api\/v1\/query_range\?.*: ./ })
})
