import { test } from 'node:test'
import assert from 'node:assert/strict'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { measureEventLoopLag } from '../../../src/ops/event-loop-lag.ts'
import { until } from '../../helpers/until.ts'

const INTERVAL = 0.1

function measured (): Registry {
  const registry = new Registry()
  measureEventLoopLag(registry)
  return registry
}

/** Takes one reading. Only the last one, p99, starts a new period. */
async function read (registry: Registry, reading: string): Promise<number> {
  const metric = await registry.getSingleMetric(`nodejs_eventloop_lag_${reading}_seconds`)?.get()
  return metric?.values[0].value ?? NaN
}

/** Takes all readings in the order of a scrape. */
async function scrape (registry: Registry): Promise<Record<string, number>> {
  const metrics = await registry.getMetricsAsJSON() as unknown as Array<{ name: string, values: Array<{ value: number }> }>
  return Object.fromEntries(metrics.map(({ name, values }) => [name.replace(/^nodejs_eventloop_lag_|_seconds$/g, ''), values[0].value]))
}

function block (ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Repeats the readings that reset nothing. */
async function untilRead (what: string, look: () => Promise<boolean>): Promise<void> {
  let seen = false
  let looking = false
  await until(what, () => {
    if (!looking) {
      looking = true
      void look().then(result => { seen ||= result; looking = false })
    }
    return seen
  })
}

test('the names are prom-client\'s, each once', async () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const names = (): string[] =>
    registry.getMetricsAsArray().map(({ name }) => name).filter(name => name.startsWith('nodejs_eventloop_lag_')).sort()
  const before = names()
  assert.ok(before.includes('nodejs_eventloop_lag_p99_seconds'))
  measureEventLoopLag(registry)
  assert.deepEqual(names(), before)
  const text = await registry.metrics()
  for (const name of before) assert.equal(text.split('\n').filter(line => line.startsWith(`${name} `)).length, 1, name)
})

test('before anything is measured, all are 0', async () => {
  assert.deepEqual(await scrape(measured()), { min: 0, max: 0, mean: 0, stddev: 0, p50: 0, p90: 0, p99: 0 })
})

test('a blocked loop shows, and no longer does once it was read', async () => {
  const registry = measured()
  await untilRead('it measures', async () => await read(registry, 'stddev') > 0 || await read(registry, 'max') > 0)
  block(350)
  await untilRead('the block shows', async () => await read(registry, 'max') > INTERVAL)
  const first = await scrape(registry)
  assert.ok(first.max > INTERVAL && first.max < 10, `${first.max}`)
  assert.ok(first.p99 > INTERVAL && first.mean > 0 && first.mean < first.max && first.min <= first.p50 && first.p50 <= first.p90 &&
    first.p90 <= first.p99, JSON.stringify(first))
  const second = await scrape(registry)
  assert.ok(second.max < first.max, `${second.max} after ${first.max}`)
})

test('an idle loop reads next to nothing: the interval of the measurement is not in it', async () => {
  const registry = measured()
  // Other processes may keep the machine busy now and then. One quiet second is enough.
  await untilRead('half of the readings are far below the interval', async () => {
    if (await read(registry, 'max') === 0) return false
    return await read(registry, 'p50') < INTERVAL / 4
  })
})
