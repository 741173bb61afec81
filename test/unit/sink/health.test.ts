import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Answer, RetryReason } from '../../../src/sink/classify.ts'
import { LokiHealth, type Retry } from '../../../src/sink/health.ts'
import { collectedLog } from '../../helpers/collected-log.ts'

const URL = 'http://loki:3100'
const STORED: Answer = { kind: 'stored', status: 204 }

function bench (ready: 'some' | 'all' = 'some') {
  const { log, lines } = collectedLog()
  const clock = { now: 1_000_000 }
  const health = new LokiHealth({ log, ready, now: () => clock.now })
  return {
    health,
    lines,
    clock,
    told: () => lines.map(({ level, msg }) => `${level}: ${msg}`),
    stored: (tenant = '', url = URL) => { health.answered(url, tenant, STORED) },
    fail: (tenant: string, reason: RetryReason, message: string, more: Partial<Retry> = {}) => {
      if (more.held !== true) health.answered(URL, tenant, { kind: 'retry', reason, message })
      health.retrying({ tenant, reason, message, delayMs: 100.4, held: false, ...more })
    }
  }
}

test('not reached, reached, failing, back: each is told once', () => {
  const { health, clock, told, lines, stored, fail } = bench()
  assert.deepEqual(health.status(), { ok: false, detail: 'not reached yet' })
  health.ready(URL)
  assert.deepEqual(health.status(), { ok: true, detail: 'no push yet' })
  stored()
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  fail('', 'connection', 'ECONNREFUSED')
  clock.now += 1_000
  fail('', 'connection', 'ECONNREFUSED again')
  assert.deepEqual(health.status(), { ok: false, detail: 'connection: ECONNREFUSED again' })
  clock.now += 500
  stored()
  stored()
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  assert.deepEqual(told(), ['info: Loki answers', 'warn: a push to Loki failed; it is tried again', 'info: Loki takes pushes again'])
  assert.equal(lines[1].retryMs, 100)
  assert.equal(lines[1].tenant, undefined)
  assert.match(String(lines[1].mend), /LOKEAN_LOKI_URL/)
  assert.equal(lines[2].failedForMs, 1_500)
})

test('a failure that goes on is told again every half minute, with what it says by then', () => {
  const { clock, lines, fail } = bench()
  for (let second = 0; second < 95; second++, clock.now += 1_000) fail('', '5xx', `at ${second}`)
  assert.deepEqual(lines.map(({ message }) => message), ['at 0', 'at 30', 'at 60', 'at 90'])
})

test('another reason is news', () => {
  const { lines, fail } = bench()
  for (const reason of ['connection', '5xx', 'connection', 'timeout', 'blocked'] as const) fail('', reason, '')
  assert.deepEqual(lines.map(({ reason }) => reason), ['connection', '5xx', 'timeout', 'blocked'])
})

test('a Loki that flaps is told of twice in half a minute, not with each change', () => {
  const { clock, told, fail, stored } = bench()
  stored()
  for (let second = 0; second < 29; second++, clock.now += 1_000) {
    fail('', '5xx', '')
    stored()
  }
  assert.deepEqual(told().slice(1), ['warn: a push to Loki failed; it is tried again', 'info: Loki takes pushes again'])
})

test('a tenant that stands still beside one that flows is named, with how long, and told once', () => {
  for (const ready of ['some', 'all'] as const) {
    const { health, clock, told, lines, fail, stored } = bench(ready)
    for (let second = 0; second < 25; second++, clock.now += 1_000) {
      stored('good')
      fail('bad', 'blocked', '401 no', { hint: 'check the token' })
    }
    assert.deepEqual(health.status(), {
      ok: ready === 'some',
      mend: 'check the token',
      detail: 'pushes are stored; nothing of tenant bad is stored for 25 s (blocked: 401 no); ' +
        'http://loki:3100 fails for 1 s (blocked: 401 no)'
    })
    assert.deepEqual(told(), ['info: Loki answers', 'warn: a push to Loki failed; it is tried again'])
    assert.equal(lines[1].tenant, 'bad')
    stored('bad')
    assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  }
})

test('where no tenant flows, it is not ready, and each is named, up to a number', () => {
  const { health, fail } = bench()
  for (let i = 0; i < 8; i++) fail(`t${i}`, 'blocked', '401 no')
  health.ready(URL)
  const { ok, detail } = health.status()
  assert.equal(ok, false)
  assert.match(detail, /^no push is stored; nothing of tenant t0 .*tenant t4 .*and 4 more$/)
  assert.doesNotMatch(detail, /tenant t5/)
})

test('records that a condition holds are named while they are, whether others are stored or not', () => {
  const { health, clock, told, lines, fail, stored } = bench()
  stored('t')
  fail('t', 'blocked', '400 missing required labels', { held: true, hint: 'give them' })
  clock.now += 7_000
  stored('t')
  assert.deepEqual(health.status(), {
    ok: true,
    mend: 'give them',
    detail: 'pushes are stored; some records of tenant t are held for 7 s (blocked: 400 missing required labels)'
  })
  health.released('t')
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
  assert.deepEqual(told().slice(1), [
    'warn: some records are held until what stops them is mended', 'info: no record is held any more'
  ])
  assert.deepEqual([lines[1].mend, lines[2].heldForMs], ['give them', 7_000])
})

test('a limited tenant is told, each on its own, and is no failure of Loki', () => {
  const { health, lines, clock, fail, stored } = bench()
  for (let second = 0; second < 35; second++, clock.now += 1_000) {
    fail('cloud1', '429', 'ingestion rate limit')
    if (second >= 10) fail('cloud2', '429', 'ingestion rate limit')
    stored('cloud3')
  }
  const told = lines.filter(({ level }) => level === 'warn').map(({ tenant, reason }) => [tenant, reason])
  assert.deepEqual(told, [['cloud1', '429'], ['cloud2', '429'], ['cloud1', '429']])
  assert.equal(health.status().ok, true)
  assert.match(health.status().detail, /^pushes are stored; nothing of tenant cloud1 is stored for 35 s \(429: ingestion rate limit\)/)
})

test('a limited tenant does not hide that Loki fails', () => {
  const { health, fail } = bench()
  fail('', '5xx', '500 no')
  fail('cloud1', '429', 'slow down')
  assert.equal(health.status().ok, false)
  assert.match(health.status().detail, /5xx: 500 no/)
})

test('a limited tenant shows that Loki is reached', () => {
  const { health, fail } = bench()
  fail('cloud1', '429', 'slow down')
  assert.equal(health.status().ok, true)
})

test('an endpoint that fails beside one that does not is named', () => {
  const { health, clock, stored } = bench()
  stored('', 'http://a')
  health.answered('http://b', '', { kind: 'retry', reason: '5xx', message: '503 no' })
  clock.now += 4_000
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored; http://b fails for 4 s (5xx: 503 no)' })
  stored('', 'http://b')
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
})

test('remembers no endless number of tenants', () => {
  const { health, stored } = bench()
  for (let i = 0; i < 10_000; i++) stored(`tenant ${i}`)
  assert.deepEqual(health.status(), { ok: true, detail: 'pushes are stored' })
})
