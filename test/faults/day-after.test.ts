import assert from 'node:assert/strict'
import { until } from '../helpers/until.ts'
import { scenario } from './scenario.ts'
import { QUEUED_SHARE } from './site-load.ts'
import { MARKER } from './site.ts'
import { watched } from './watch.ts'

const HOUR = 3_600_000
const RECORDS = 240_000
const QUEUED = QUEUED_SHARE * RECORDS
/** New records a second. */
const RATE = 1_500
/** As Loki counts them. */
const RECORD_BYTES = 350
/** A third of this would be ordinary. */
const CATCHES_UP_MS = 120_000

/**
 * Four hours without Loki, in miniature. As many machines as there are unsettled messages, as with omamqp1, send what
 * lies in their disk queues: two minutes of their records, whose times are spread over four hours. The tenant may store
 * four times as much as the new records are, as `deploy/README.md` sizes it; the budget is as much smaller than its
 * default.
 */
const DAY_AFTER = {
  records: RECORDS,
  rate: RATE,
  hosts: 40,
  window: 5,
  queueMs: 4 * HOUR,
  limits: { rateBytes: 4 * RATE * RECORD_BYTES, burstBytes: 2 ** 20 }
}

scenario('Loki', 'is back after four hours, with all disk queues at full speed beside new records, at a tenant\'s limit', DAY_AFTER, async site => {
  const program = site.start({ LOKEAN_INFLIGHT_BYTES: '4MiB', LOKEAN_PUSH_BYTES: '256KiB' })
  await site.bus.until(({ 'rsyslog/logs': address }) => address?.receivers === 1)
  site.send()
  const start = performance.now()
  let mostLag = 0
  const caughtUp = until('the disk queues are empty', () => {
    const [present, queued] = site.loads
    mostLag = Math.max(mostLag, (performance.now() - start) / 1000 - present.accepted / RATE)
    return queued.accepted === QUEUED
  }, CATCHES_UP_MS)
  await watched(program, caughtUp)
  const { streams, rejected } = site.loki.stats()
  site.caughtUp = { outageSeconds: QUEUED / RATE, seconds: (performance.now() - start) / 1000, mostLag, streams }
  const { metrics } = await watched(program, site.settled(1))
  assert.ok(rejected.rate_limited > 0, 'the limit was reached')
  assert.ok(mostLag < site.caughtUp.seconds / 4, `new records were ${mostLag} s late: they wait for the queues`)
  assert.equal(site.loki.store.countIds(MARKER).quarantinedIds, 0)
  const inBacklog = Number(metrics.get('lokean_records_mended_total{reason="backlog"}'))
  // The newest hour of the queues is not too far behind.
  assert.ok(inBacklog > QUEUED / 2, `${inBacklog} records were in backlog streams`)
})
