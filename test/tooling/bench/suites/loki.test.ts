import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { PushMaker } from '../../../../bench/suites/loki-pushes.ts'
import { pushAll } from '../../../../bench/suites/loki-ceiling.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { startLoki } from '../../../../src/embedded/loki/server.ts'

const ENV = { LOKEAN_LOKI_TENANT: 'clouds', LOKEAN_LOKI_USERNAME: 'bench', LOKEAN_LOKI_PASSWORD: 'secret' }
const settings = loadConfig(ENV).config.loki

test('prepared pushes are large, and each record of them is stored once', async t => {
  const loki = await startLoki({ authEnabled: true, limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity } })
  t.after(async () => await loki.close())
  const pushes = await new PushMaker(ENV).make(5)
  assert.ok(pushes.every(push => push.records > 1000 && push.tenant === 'clouds'))
  const { recordsPerSecond, p50, p99, refused } = await pushAll(settings, loki.url, pushes, 2)
  const { pushes: came, entries, duplicates } = loki.stats()
  assert.deepEqual({
    came, entries, duplicates, refused
  }, { came: 5, entries: pushes.reduce((sum, { records }) => sum + records, 0), duplicates: 0, refused: 0 })
  assert.ok(recordsPerSecond > 0 && p50 > 0 && p99 >= p50)
})

test('a store that refuses some is measured by the rest; one that refuses all fails the suite', async t => {
  let answered = 0
  const authorizations = new Set<string | undefined>()
  let statuses = [204, 429]
  const server = createServer((request, response) => {
    authorizations.add(request.headers.authorization)
    request.resume().once('end', () => response.writeHead(statuses[answered++ % statuses.length]).end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => { server.close(); server.closeAllConnections() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pushes = Array.from({ length: 8 }, () => ({ tenant: '', body: Buffer.from('any'), records: 10 }))
  assert.equal((await pushAll(settings, url, pushes, 1)).refused, 4)
  statuses = [401]
  await assert.rejects(pushAll(settings, url, pushes, 2), /took none of 8 pushes: 8 times 401/)
  assert.deepEqual([...authorizations], [`Basic ${Buffer.from('bench:secret').toString('base64')}`])
})
