import type { Checks } from '../../worker/messages/tasks.ts'
import { findBottleneck, type Verdict } from './bottleneck.ts'
import type { LoudHost } from './loudest-hosts.ts'
import type { Problem } from './problems.ts'
import { type Sample, SampleWindow } from './sample.ts'

/** What the page shows beside the metrics. */
export interface Surroundings {
  version: string
  shards: number
  /** The limit on what all addresses hold together. */
  inflightBytes: number
  checks: Checks
  hosts: readonly LoudHost[]
  problems: readonly Problem[]
}

export interface AddressSnapshot {
  address: string
  up: boolean
  credit: number
  inflightBytes: number
  limitBytes: number
  recordsPerSecond: number
  /** The age of the oldest delivery that is not settled; 0 where there is none. */
  oldestUnsettledSeconds: number
  /** The mean age of a batch's oldest record when it was stored; undefined where none was stored. */
  lagSeconds?: number
}

/**
 * One event of the page. Rates and means are over the last few seconds; all else is as of now. Durations are in
 * seconds.
 */
export interface Snapshot {
  version: string
  /** Unix time in ms. */
  time: number
  /** The length of the window for rates and means. */
  seconds: number
  bottleneck: Verdict
  ready: boolean
  bus: { links: number, linksUp: number, messagesPerSecond: number, bytesPerSecond: number, connects: number }
  credit: { messages: number, inflightBytes: number, limitBytes: number, fill: number }
  batch: { bytes: number, records?: number, mainThreadBusy: number }
  workers: { count: number, busy: number, recordsPerSecond: number, bytes: number, seconds?: number, failures: number }
  shards: {
    count: number,
    lanes: number,
    bytes: number,
    recordsPerPush?: number,
    /** Shards that wait before they push again, or try again, by why, the most first. */
    waiting: Array<{ reason: string, count: number }>
  }
  loki: {
    pushesPerSecond: number,
    bytesPerSecond: number,
    recordsPerSecond: number,
    seconds?: number,
    p99Seconds?: number,
    retriesPerSecond: number
  }
  lag: { meanSeconds?: number, p99Seconds?: number }
  totals: {
    received: number,
    stored: number,
    quarantined: number,
    mended: number,
    deadLettered: number,
    retries: number,
    resent: number,
    found: number,
    redelivered: number
  }
  streams: number
  quarantine: Array<{ reason: string, records: number, perSecond: number }>
  /** What each rule of the settings has done; empty where there are none. */
  rules: Array<{ rule: string, does: 'dropped' | 'redacted', records: number, perSecond: number }>
  addresses: AddressSnapshot[]
  /** Over the last minute, the loudest first. */
  hosts: readonly LoudHost[]
  problems: readonly Problem[]
}

/** Makes a snapshot from the last samples: at least two, the oldest first. */
export function makeSnapshot (
  samples: readonly Sample[], { version, shards, inflightBytes, checks, hosts, problems }: Surroundings
): Snapshot {
  const window = new SampleWindow(samples)
  const addresses = window.labels('link_up').map(address => addressSnapshot(window, address))
  const workers = window.now('workers')
  const busy = Math.min(1, window.rate('worker_busy_seconds_total') / Math.max(1, workers))
  const fill = Math.max(
    0, ...addresses.map(({ address }) => window.mean('inflight_bytes', address) / Math.max(1, window.now('inflight_bytes_limit', address)))
  )
  return {
    version,
    time: Date.now(),
    seconds: window.seconds,
    bottleneck: findBottleneck({
      bus: checks.bus,
      loki: checks.loki,
      arriving: window.rate('messages_received_total'),
      inflight: window.now('inflight_bytes'),
      fill,
      mainThreadBusy: window.mainThreadBusy,
      workersBusy: busy,
      pushing: window.mean('queue_bytes', 'sink'),
      blocked: window.now('sink_lanes_waiting', 'blocked'),
      limited: window.rate('push_retries_total', '429')
    }),
    ready: Object.values(checks).every(({ ok }) => ok),
    bus: {
      links: addresses.length,
      linksUp: window.now('link_up'),
      messagesPerSecond: window.rate('messages_received_total'),
      bytesPerSecond: window.rate('received_bytes_total'),
      connects: window.now('bus_connects_total')
    },
    credit: {
      messages: window.now('credit'), inflightBytes: window.mean('inflight_bytes'), limitBytes: inflightBytes, fill
    },
    batch: { bytes: window.mean('queue_bytes', 'batch'), records: window.average('batch_records'), mainThreadBusy: window.mainThreadBusy },
    workers: {
      count: workers,
      busy,
      recordsPerSecond: window.rate('records_received_total'),
      bytes: window.mean('queue_bytes', 'worker'),
      seconds: window.average('encode_duration_seconds'),
      failures: window.now('worker_failures_total')
    },
    shards: {
      count: shards,
      lanes: window.mean('sink_lanes'),
      bytes: window.mean('queue_bytes', 'sink'),
      recordsPerPush: window.average('push_records'),
      waiting: window.labels('sink_lanes_waiting')
        .map(reason => ({ reason, count: window.now('sink_lanes_waiting', reason) }))
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count)
    },
    loki: {
      pushesPerSecond: window.rate('pushes_total'),
      bytesPerSecond: window.rate('push_bytes_sum'),
      recordsPerSecond: window.rate('records_stored_total'),
      seconds: window.average('push_duration_seconds'),
      p99Seconds: window.quantile('push_duration_seconds', 0.99),
      retriesPerSecond: window.rate('push_retries_total')
    },
    lag: { meanSeconds: window.average('lag_seconds'), p99Seconds: window.quantile('lag_seconds', 0.99) },
    totals: {
      received: window.now('records_received_total'),
      stored: window.now('records_stored_total'),
      quarantined: window.now('records_quarantined_total'),
      mended: window.now('records_mended_total'),
      deadLettered: window.now('records_dead_lettered_total'),
      retries: window.now('push_retries_total'),
      resent: window.now('records_resent_total'),
      found: window.now('records_found_total'),
      redelivered: window.now('records_redelivered_total')
    },
    streams: window.now('streams'),
    quarantine: window.labels('records_quarantined_total')
      .map(reason => ({
        reason, records: window.now('records_quarantined_total', reason), perSecond: window.rate('records_quarantined_total', reason)
      }))
      .filter(({ records }) => records > 0)
      .sort((a, b) => b.records - a.records),
    rules: [...rules(window, 'dropped'), ...rules(window, 'redacted')],
    addresses,
    hosts,
    problems
  }
}

function rules (window: SampleWindow, does: 'dropped' | 'redacted'): Snapshot['rules'] {
  const metric = `records_${does}_total`
  return window.labels(metric).map(rule => ({ rule, does, records: window.now(metric, rule), perSecond: window.rate(metric, rule) }))
}

function addressSnapshot (window: SampleWindow, address: string): AddressSnapshot {
  return {
    address,
    up: window.now('link_up', address) === 1,
    credit: window.now('credit', address),
    inflightBytes: window.mean('inflight_bytes', address),
    limitBytes: window.now('inflight_bytes_limit', address),
    recordsPerSecond: window.rate('records_received_total', address),
    oldestUnsettledSeconds: window.now('oldest_unsettled_seconds', address),
    lagSeconds: window.average('lag_seconds', address)
  }
}
