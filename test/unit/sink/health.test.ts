import { test } from 'node:test'
import assert from 'node:assert/strict'
import { LokiHealth } from '../../../src/sink/health.ts'
import { collectedLog } from '../../helpers/collected-log.ts'

const URL = 'http://loki:3100'

function bench () {
  const { log, lines } = collectedLog()
  const clock = { now: 1_000_000 }
  const health = new LokiHealth(log, () => clock.now)
  return { health, lines, clock, told: () => lines.map(({ level, msg }) => `${level}: ${msg}`) }
}

test('not reached, reached, failing, back: each is told once', () => {
  const { health, clock, told, lines } = bench()
  assert.deepEqual(health.status(), { ok: false, detail: 'not reached yet' })
  health.succeeded(URL)
  health.succeeded(URL)
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  health.retrying('', 'connection', 'ECONNREFUSED', 100.4)
  clock.now += 1_000
  health.retrying('', 'connection', 'ECONNREFUSED again', 200)
  assert.deepEqual(health.status(), { ok: false, detail: 'connection: ECONNREFUSED again' })
  clock.now += 500
  health.succeeded(URL)
  health.succeeded(URL)
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  assert.deepEqual(told(), ['info: Loki answers', 'warn: a push to Loki failed; it is tried again', 'info: Loki takes pushes again'])
  assert.equal(lines[1].retryMs, 100)
  assert.equal(lines[1].tenant, undefined)
  assert.match(String(lines[1].mend), /LOKEAN_LOKI_URL/)
  assert.equal(lines[2].failedForMs, 1_500)
})

test('a failure that goes on is told again every half minute, with what it says by then', () => {
  const { health, clock, lines } = bench()
  for (let second = 0; second < 95; second++, clock.now += 1_000) health.retrying('', '5xx', `at ${second}`, 1_000)
  assert.deepEqual(lines.map(({ message }) => message), ['at 0', 'at 30', 'at 60', 'at 90'])
})

test('another reason is news', () => {
  const { health, lines } = bench()
  for (const reason of ['connection', '5xx', 'connection', 'timeout', 'blocked'] as const) health.retrying('', reason, '', 100)
  assert.deepEqual(lines.map(({ reason }) => reason), ['connection', '5xx', 'timeout', 'blocked'])
})

test('a failure after a recovery is news', () => {
  const { health, lines, clock } = bench()
  health.retrying('', '5xx', '', 100)
  clock.now += 10
  health.succeeded(URL)
  health.retrying('', '5xx', '', 100)
  assert.deepEqual(lines.map(({ level }) => level), ['warn', 'info', 'warn'])
})

test('a limited tenant is told, each on its own, and is no failure of Loki', () => {
  const { health, lines, clock } = bench()
  health.succeeded(URL)
  for (let second = 0; second < 35; second++, clock.now += 1_000) {
    health.retrying('cloud1', '429', 'ingestion rate limit', 1_000)
    if (second >= 10) health.retrying('cloud2', '429', 'ingestion rate limit', 1_000)
    health.succeeded(URL)
  }
  assert.deepEqual(lines.slice(1).map(({ tenant, reason }) => [tenant, reason]), [['cloud1', '429'], ['cloud2', '429'], ['cloud1', '429']])
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
})

test('a limited tenant does not hide that Loki fails', () => {
  const { health } = bench()
  health.retrying('', '5xx', '500 no', 100)
  health.retrying('cloud1', '429', 'slow down', 100)
  assert.deepEqual(health.status(), { ok: false, detail: '5xx: 500 no' })
})

test('a limited tenant shows that Loki is reached', () => {
  const { health } = bench()
  health.retrying('', 'connection', 'refused', 100)
  health.retrying('cloud1', '429', 'slow down', 100)
  assert.equal(health.status().ok, true)
})

test('remembers no endless number of tenants', () => {
  const { health, lines } = bench()
  for (let i = 0; i < 3_000; i++) health.retrying(`tenant ${i}`, '429', '', 100)
  assert.equal(lines.length, 3_000)
})
