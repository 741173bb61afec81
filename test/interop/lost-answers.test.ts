import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { seededRandom } from '../../src/generator/random.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, record } from '../helpers/messages.ts'
import { httpGet, type Program, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { ADDRESS } from '../process/numbered-sender.ts'

/**
 * Answers that are lost behind a Loki that has stored: between the program and Loki, a proxy cuts 30 % of the answers
 * to pushes. One stream gets 1 or 5 MB/s. Loki's own count may never be above what was sent and what was sent again, as
 * the program counts it. With look-ups it is what was sent, to 0.1 %. LOKEAN_TEST_LOKI_URL names a real Loki, else it
 * is the embedded one. LOKEAN_TEST_LOST_SECONDS: how long each of the four runs sends.
 */
const LOKI = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')
const SECONDS = Number(process.env.LOKEAN_TEST_LOST_SECONDS ?? 4)
const LOST = 0.3
const SEED = Number(process.env.LOKEAN_TEST_SEED ?? Date.now() % 2 ** 31)
const LINE = 'x'.repeat(990)
const RECORDS_PER_MESSAGE = 20
const BYTES_PER_RECORD = 1000
const RUN_FOR_MS = 60_000 + 20_000 * SECONDS

/** Passes all on to Loki. Cuts the connection of some pushes when their answer has come. */
async function lossyProxy (cleanup: Cleanup, to: string): Promise<{ url: string, lost: () => number }> {
  const random = seededRandom(SEED)
  const { hostname, port } = new URL(to)
  let lost = 0
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url: path, headers } = incoming
    const onward = request({ hostname, port, method, path, headers }, answer => {
      if (method === 'POST' && answer.statusCode === 204 && random() < LOST * 2 ** 32) {
        lost++
        answer.resume()
        incoming.socket.destroy()
        return
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => { incoming.socket.destroy() })
    incoming.pipe(onward)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  cleanup.add(async () => {
    server.closeAllConnections()
    await new Promise<void>(resolve => { server.close(() => resolve()) })
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost: () => lost }
}

async function lokiOf (cleanup: Cleanup): Promise<string> {
  if (LOKI !== '') return LOKI
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity } })
  cleanup.add(async () => { await loki.close() })
  return loki.url
}

/** The sum of a counter over its labels. */
async function counted (run: Program, name: string): Promise<number> {
  const { body } = await run.ask('/metrics')
  return body.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Loki's own count of the cloud's entries, as a dashboard would show it. */
async function inLoki (url: string, cloud: string): Promise<number> {
  const query = new URLSearchParams({ query: `sum(count_over_time({cloud="${cloud}"}[1h]))`, time: `${Date.now() + 1000}000000` })
  const { status, body } = await httpGet(`${url}/loki/api/v1/query?${query}`)
  assert.equal(status, 200, body)
  const { data } = JSON.parse(body) as { data: { result: Array<{ value: [number, string] }> } }
  return Number(data.result[0]?.value[1] ?? 0)
}

/** Sends records of one stream at a steady rate. Returns how many. */
async function sendSteadily (sender: RawSender, cloud: string, bytesPerSecond: number): Promise<number> {
  const messages = Math.round(SECONDS * bytesPerSecond / BYTES_PER_RECORD / RECORDS_PER_MESSAGE)
  const start = Date.now()
  const outcomes: Array<Promise<string>> = []
  for (let i = 0; i < messages; i++) {
    const due = start + i * RECORDS_PER_MESSAGE * BYTES_PER_RECORD / bytesPerSecond * 1000
    if (due > Date.now()) await pause(due - Date.now())
    outcomes.push(sender.send(message(Array.from({ length: RECORDS_PER_MESSAGE }, (_, j) => {
      const number = i * RECORDS_PER_MESSAGE + j
      const micros = String(number % 1_000_000).padStart(6, '0')
      const timestamp = `${new Date(start + Math.floor(number / 1_000_000) * 1000).toISOString().slice(0, 19)}.${micros}Z`
      return record({ cloud, host: 'h', source: 's', message: `${number} ${LINE}`, '@timestamp': timestamp })
    }))))
  }
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome, 'accepted')
  return messages * RECORDS_PER_MESSAGE
}

async function lose (t: TestContext, bytesPerSecond: number, verify: 'off' | 'on'): Promise<void> {
  t.diagnostic(`seed ${SEED} (LOKEAN_TEST_SEED)`)
  const cleanup = Cleanup.of(t)
  const loki = await lokiOf(cleanup)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const proxy = await lossyProxy(cleanup, loki)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: proxy.url, LOKEAN_LOKI_VERIFY: verify }, [], RUN_FOR_MS)
  await run.logged('receiving')
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  const cloud = `lost-${randomUUID()}`
  const sent = await sendSteadily(sender, cloud, bytesPerSecond)
  const [resent, found] = [await counted(run, 'lokean_records_resent_total'), await counted(run, 'lokean_records_found_total')]
  const stored = await inLoki(loki, cloud)
  t.diagnostic(`${sent} sent, ${stored} counted in Loki, ${resent} resent, ${found} found by look-ups, ${proxy.lost()} answers lost`)
  assert.ok(proxy.lost() > 0)
  assert.ok(stored >= sent, `${sent - stored} are missing`)
  assert.ok(stored <= sent + resent, `${stored} counted is more than ${sent} sent and ${resent} resent`)
  if (verify === 'on') assert.ok(stored <= sent * 1.001, `${stored - sent} twice`)
}

for (const megabytes of [1, 5]) {
  for (const verify of ['off', 'on'] as const) {
    test(`30 % of answers lost, a stream at ${megabytes} MB/s, LOKEAN_LOKI_VERIFY=${verify}`, async t => {
      await lose(t, megabytes * 1e6, verify)
    })
  }
}
