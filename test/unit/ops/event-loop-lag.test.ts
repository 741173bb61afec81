import { test } from 'node:test'
import assert from 'node:assert/strict'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { eventLoopLag, type LagReading } from '../../../src/ops/event-loop-lag.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'
import { until } from '../../helpers/until.ts'

const INTERVAL = 0.1

/** Reads one value. Only the last one, p99, begins a new measurement. */
function read (readings: readonly LagReading[], which: string): number {
  return readings.find(({ name }) => name === `nodejs_eventloop_lag_${which}_seconds`)?.read() ?? assert.fail(which)
}

/** Reads all in the order of a scrape. */
function scrape (readings: readonly LagReading[]): Record<string, number> {
  return Object.fromEntries(readings.map(({ name, read }) => [name.replace(/^nodejs_eventloop_lag_|_seconds$/g, ''), read()]))
}

function block (ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('the names are prom-client\'s, each once', async () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const before = registry.getMetricsAsArray().map(({ name }) => name).filter(name => /^nodejs_eventloop_lag_\w+_seconds$/.test(name)).sort()
  assert.ok(before.includes('nodejs_eventloop_lag_p99_seconds'))
  assert.deepEqual(eventLoopLag().map(({ name }) => name).sort(), before)
})

test('before anything is measured, all are 0', () => {
  assert.deepEqual(scrape(eventLoopLag()), { min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 })
})

test('a blocked loop shows, and no longer does once it was read', async () => {
  const lag = eventLoopLag()
  await until('it measures', () => read(lag, 'stddev') > 0 || read(lag, 'max') > 0)
  block(350)
  await until('the block shows', () => read(lag, 'max') > INTERVAL)
  const first = scrape(lag)
  assert.ok(first.max > INTERVAL && first.max < 10, `${first.max}`)
  assert.ok(first.p99 > INTERVAL && first.mean > 0 && first.mean < first.max && first.min <= first.p50 && first.p50 <= first.p90 &&
    first.p90 <= first.p99, JSON.stringify(first))
  const second = scrape(lag)
  assert.ok(second.max < first.max, `${second.max} after ${first.max}`)
})

test('an idle loop reads next to nothing: the interval of the measurement is not in it', async () => {
  const lag = eventLoopLag()
  // Other processes may keep the machine busy now and then. One quiet second is enough.
  await until('half of the readings are far below the interval', () => read(lag, 'max') > 0 && read(lag, 'p50') < INTERVAL / 4)
})

test('the metrics of the process have each of them once', async () => {
  const { registry } = createMetrics({ version: 't', addresses: [], quarantineReasons: [], mendReasons: [], deadLetterReasons: [] })
  const lines = (await registry.metrics()).split('\n')
  for (const { name } of eventLoopLag()) assert.equal(lines.filter(line => line.startsWith(`${name} `)).length, 1, name)
})
