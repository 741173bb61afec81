import type { Checks } from '../../worker/messages.ts'
import { findBottleneck, type Verdict } from './bottleneck.ts'
import type { Problem } from './problems.ts'
import { type Sample, Stretch } from './sample.ts'

/** What the metrics do not tell. */
export interface Surroundings {
  version: string
  shards: number
  checks: Checks
  problems: readonly Problem[]
}

export interface AddressSnapshot {
  address: string
  up: boolean
  credit: number
  inflightBytes: number
  limitBytes: number
  recordsPerSecond: number
  /** Mean age of the oldest record of a batch when it was stored; undefined where none was. */
  lagSeconds?: number
}

/** One event of the page. Rates and means are of the last few seconds, all else of now; durations in seconds. */
export interface Snapshot {
  version: string
  /** Unix time in ms. */
  time: number
  /** Of how long the rates are. */
  seconds: number
  bottleneck: Verdict
  ready: boolean
  bus: { links: number, linksUp: number, messagesPerSecond: number, bytesPerSecond: number, connects: number }
  credit: { messages: number, inflightBytes: number, limitBytes: number, fill: number }
  batch: { bytes: number, records?: number, mainThreadBusy: number }
  workers: { count: number, busy: number, recordsPerSecond: number, bytes: number, seconds?: number, failures: number }
  shards: { count: number, lanes: number, bytes: number, recordsPerPush?: number }
  loki: { pushesPerSecond: number, bytesPerSecond: number, recordsPerSecond: number, seconds?: number, p99Seconds?: number, retriesPerSecond: number }
  lag: { meanSeconds?: number, p99Seconds?: number }
  totals: { received: number, stored: number, quarantined: number, mended: number, deadLettered: number, retries: number }
  streams: number
  quarantine: Array<{ reason: string, records: number, perSecond: number }>
  addresses: AddressSnapshot[]
  problems: readonly Problem[]
}

/** From the last samples, oldest first and at least two, to what the page shows. */
export function makeSnapshot (samples: readonly Sample[], { version, shards, checks, problems }: Surroundings): Snapshot {
  const stretch = new Stretch(samples)
  const addresses = stretch.labels('link_up').map(address => addressSnapshot(stretch, address))
  const workers = stretch.now('workers')
  const busy = Math.min(1, stretch.rate('worker_busy_seconds_total') / Math.max(1, workers))
  const fill = Math.max(0, ...addresses.map(({ address }) => stretch.mean('inflight_bytes', address) / Math.max(1, stretch.now('inflight_bytes_limit', address))))
  return {
    version,
    time: Date.now(),
    seconds: stretch.seconds,
    bottleneck: findBottleneck({
      bus: checks.bus,
      loki: checks.loki,
      arriving: stretch.rate('messages_received_total'),
      inflight: stretch.now('inflight_bytes'),
      fill,
      mainThreadBusy: stretch.mainThreadBusy,
      workersBusy: busy,
      pushing: stretch.mean('queue_bytes', 'sink'),
      limited: stretch.rate('push_retries_total', '429')
    }),
    ready: Object.values(checks).every(({ ok }) => ok),
    bus: {
      links: addresses.length,
      linksUp: stretch.now('link_up'),
      messagesPerSecond: stretch.rate('messages_received_total'),
      bytesPerSecond: stretch.rate('received_bytes_total'),
      connects: stretch.now('bus_connects_total')
    },
    credit: { messages: stretch.now('credit'), inflightBytes: stretch.mean('inflight_bytes'), limitBytes: stretch.now('inflight_bytes_limit'), fill },
    batch: { bytes: stretch.mean('queue_bytes', 'batch'), records: stretch.average('batch_records'), mainThreadBusy: stretch.mainThreadBusy },
    workers: {
      count: workers,
      busy,
      recordsPerSecond: stretch.rate('records_received_total'),
      bytes: stretch.mean('queue_bytes', 'worker'),
      seconds: stretch.average('encode_duration_seconds'),
      failures: stretch.now('worker_failures_total')
    },
    shards: { count: shards, lanes: stretch.mean('sink_lanes'), bytes: stretch.mean('queue_bytes', 'sink'), recordsPerPush: stretch.average('push_records') },
    loki: {
      pushesPerSecond: stretch.rate('pushes_total'),
      bytesPerSecond: stretch.rate('push_bytes_sum'),
      recordsPerSecond: stretch.rate('records_stored_total'),
      seconds: stretch.average('push_duration_seconds'),
      p99Seconds: stretch.quantile('push_duration_seconds', 0.99),
      retriesPerSecond: stretch.rate('push_retries_total')
    },
    lag: { meanSeconds: stretch.average('lag_seconds'), p99Seconds: stretch.quantile('lag_seconds', 0.99) },
    totals: {
      received: stretch.now('records_received_total'),
      stored: stretch.now('records_stored_total'),
      quarantined: stretch.now('records_quarantined_total'),
      mended: stretch.now('records_mended_total'),
      deadLettered: stretch.now('records_dead_lettered_total'),
      retries: stretch.now('push_retries_total')
    },
    streams: stretch.now('streams'),
    quarantine: stretch.labels('records_quarantined_total')
      .map(reason => ({ reason, records: stretch.now('records_quarantined_total', reason), perSecond: stretch.rate('records_quarantined_total', reason) }))
      .filter(({ records }) => records > 0)
      .sort((a, b) => b.records - a.records),
    addresses,
    problems
  }
}

function addressSnapshot (stretch: Stretch, address: string): AddressSnapshot {
  return {
    address,
    up: stretch.now('link_up', address) === 1,
    credit: stretch.now('credit', address),
    inflightBytes: stretch.mean('inflight_bytes', address),
    limitBytes: stretch.now('inflight_bytes_limit', address),
    recordsPerSecond: stretch.rate('records_received_total', address),
    lagSeconds: stretch.average('lag_seconds', address)
  }
}
