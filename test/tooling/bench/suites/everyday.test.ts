import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { lokiCpuSeconds } from '../../../../bench/harness/sink/loki-cpu.ts'
import { FULL_DAYS, QUICK_DAYS } from '../../../../bench/suites/everyday-days.ts'
import { measureDays } from '../../../../bench/suites/everyday-measure.ts'
import { CLOUD } from '../../../../bench/report/sizing.ts'
import { BOUNDED } from '../../../helpers/program.ts'

test('days are measured on one program, each at its rate and with each delay of the sink', BOUNDED, async () => {
  const times = { warmUpMs: 0, settleMs: 0, windowMs: 1000 }
  const days = await measureDays({ hosts: 5, recordsPerMessage: 10, rates: [500, 2_000] }, 20, [0, 5], times)
  assert.deepEqual(days.map(one => [one.recordsPerSecond, one.sinkMs]), [[500, 0], [2_000, 0], [500, 5], [2_000, 5]])
  for (const one of days) {
    assert.ok(one.cores > 0 && one.pushesPerSecond > 0 && one.recordsPerPush >= 1)
    assert.ok(one.p50Ms > 0 && one.p50Ms <= one.p99Ms && one.lagP99Ms! > 0)
    assert.ok(Math.abs(one.usPerRecord * one.settledPerSecond / 1e6 - one.cores) < 1e-9)
    assert.equal(one.storeCores, null)
  }
})

test('the sizing finds days with its messages, also in a quick run', () => {
  for (const all of [FULL_DAYS, QUICK_DAYS]) assert.ok(all.some(({ recordsPerMessage }) => recordsPerMessage === CLOUD.recordsPerMessage))
})

test('a Loki\'s CPU is read where it tells it', async t => {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') response.end('# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.5\n')
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.after(() => { server.close(); server.closeAllConnections() })
  assert.equal(await lokiCpuSeconds(url), 12.5)
  server.removeAllListeners('request').on('request', (_, response) => { response.writeHead(403).end() })
  assert.equal(await lokiCpuSeconds(url), undefined)
  assert.equal(await lokiCpuSeconds('http://127.0.0.1:1'), undefined)
})
