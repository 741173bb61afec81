import { collectDefaultMetrics, Counter, exponentialBuckets, Gauge, Histogram, Registry } from 'prom-client'
import { eventLoopLag } from './event-loop-lag.ts'
import { RETRY_REASONS } from '../sink/classify.ts'
import { RESEND_REASONS } from '../sink/doubt.ts'
import { PUSH_STATUSES } from './push-status.ts'
import { Tallies } from './tallies.ts'
import { WORKER_FAILURES } from '../worker/pool/failure.ts'

/** Where bytes wait: for a worker, in a worker, for a push. */
export const QUEUE_STAGES = ['batch', 'worker', 'sink'] as const

export interface MetricsOptions {
  version: string
  /** These are closed lists. Each member has a series from the start, with 0, so that queries find it. */
  addresses: readonly string[]
  quarantineReasons: readonly string[]
  mendReasons: readonly string[]
  deadLetterReasons: readonly string[]
  /** The names of the rules that drop and redact. */
  dropRules?: readonly string[]
  redactRules?: readonly string[]
  /** The metrics of Node and of the process. On by default. */
  processMetrics?: boolean
}

/** One value, or one for each label value. */
export type Reading = number | Iterable<readonly [label: string, value: number]>

/** A gauge that is read only when it is scraped. */
export interface DerivedGauge {
  readonly gauge: Gauge
  /** Sets where the value comes from. The last call holds. */
  from: (read: () => Reading) => void
}

export type Metrics = ReturnType<typeof createMetrics>

/**
 * All metrics of a process, in one registry. Only the main thread has them: workers return counts with their results.
 */
export function createMetrics (options: MetricsOptions) {
  const registry = new Registry()
  const metrics = { registry, ...counters(registry, options), ...histograms(registry, options), ...gauges(registry, options) }
  if (options.processMetrics ?? true) {
    for (const metric of processRegistry().getMetricsAsArray()) registry.registerMetric(metric as unknown as Gauge)
  }
  return metrics
}

let ofProcess: Registry | undefined

/**
 * prom-client's metrics of the process. Once started, prom-client observes the event loop and the garbage collector for
 * ever. So all registries of a process share these metrics. Neither observer keeps the process alive.
 */
function processRegistry (): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    // prom-client's own measurement of the event loop cannot be switched off; this makes it as seldom as possible.
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: 2 ** 31 - 1 })
    for (const { name, help, read } of eventLoopLag()) {
      ofProcess.removeSingleMetric(name)
      ofProcess.registerMetric(new Gauge({ name, help, registers: [], collect () { this.set(read()) } }))
    }
    // These are gauges with the name of a counter, so promtool warns. The series of nodejs_active_handles etc. have the
    // same sums.
    for (const kind of ['handles', 'requests', 'resources']) ofProcess.removeSingleMetric(`nodejs_active_${kind}_total`)
  }
  return ofProcess
}

function counters (registry: Registry, options: MetricsOptions) {
  function counter<L extends string> (name: string, help: string, label?: L, values: readonly string[] = []): Counter<L> {
    const made = new Counter<L>({ name, help, labelNames: label === undefined ? [] : [label], registers: [registry] })
    if (label !== undefined) for (const value of values) made.inc({ [label]: value } as Record<L, string>, 0)
    return made
  }
  /** prom-client counts the sum only when it is scraped. */
  function tallied (name: string, help: string, label: string, values: readonly string[]): Pick<Tallies, 'add'> {
    const tallies = new Tallies(values)
    registry.registerMetric(new Counter<string>({
      name,
      help,
      labelNames: [label],
      registers: [],
      collect () { tallies.take((value, count) => { this.inc({ [label]: value }, count) }) }
    }))
    return tallies
  }
  /**
   * A counter that is counted elsewhere, and read when it is scraped. Without a label it is 0 until its count is known.
   * With one, a label value has no series until then.
   */
  function read (name: string, help: string, label?: string): { from (count: () => number | undefined, value?: string): void } {
    const sources = new Map<string, () => number | undefined>(label === undefined ? [['', () => 0]] : [])
    registry.registerMetric(new Counter<string>({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [],
      collect () {
        this.reset()
        for (const [value, count] of sources) {
          const number = count()
          if (number !== undefined) this.inc(label === undefined ? {} : { [label]: value }, number)
        }
      }
    }))
    return { from: (count, value = '') => { sources.set(value, count) } }
  }
  const { addresses, quarantineReasons, mendReasons, deadLetterReasons, dropRules, redactRules } = options
  return {
    messagesReceived: tallied('lokean_messages_received_total', 'AMQP messages taken from the bus', 'address', addresses),
    receivedBytes: tallied('lokean_received_bytes_total', 'Bytes of those messages', 'address', addresses),
    messagesSettled: counter('lokean_messages_settled_total', 'AMQP messages settled as accepted, all of their records being stored', 'address', addresses),
    recordsReceived: counter('lokean_records_received_total', 'Records found in messages', 'address', addresses),
    recordsStored: counter('lokean_records_stored_total', 'Records that are stored, in quarantine or in a dead-letter file, those of messages delivered again included', 'address', addresses),
    recordsQuarantined: counter('lokean_records_quarantined_total', 'Records put aside for the quarantine stream, counted when they are found, before Loki has stored them there', 'reason', quarantineReasons),
    recordsMended: counter('lokean_records_mended_total', 'Records changed so that Loki takes them', 'reason', mendReasons),
    recordsJoined: counter('lokean_records_joined_total', 'Records that were pieces of a container\'s line, and are stored as part of it', 'address', addresses),
    recordsEmpty: counter('lokean_records_empty_total', 'Records whose line held nothing but NULs, which are not stored', 'address', addresses),
    recordsDropped: counter('lokean_records_dropped_total', 'Records that a rule of LOKEAN_DROP took, which are not stored', 'rule', dropRules),
    recordsRedacted: counter('lokean_records_redacted_total', 'Records of which a rule of LOKEAN_REDACT has taken something out', 'rule', redactRules),
    recordsDeadLettered: counter('lokean_records_dead_lettered_total', 'Records that Loki refused, written to the dead-letter directory', 'reason', deadLetterReasons),
    deadLettersDeleted: counter('lokean_dead_letters_deleted_total', 'Records deleted from the full dead-letter directory, and so lost (LOKEAN_DEAD_LETTER_FULL=delete)'),
    pushes: counter('lokean_pushes_total', 'Pushes to Loki by how they were answered', 'status', PUSH_STATUSES),
    pushRetries: counter('lokean_push_retries_total', 'Pushes made again, by why', 'reason', RETRY_REASONS),
    recordsResent: counter('lokean_records_resent_total', 'Records pushed again after an outcome that nobody knows, by why; at most so many may be in Loki twice', 'reason', RESEND_REASONS),
    recordsRedelivered: counter('lokean_records_redelivered_total', 'Records that their sender sent again although Lokean had them, as their connection was lost before they were settled; at most so many may be in Loki twice', 'address', addresses),
    recordsFound: counter('lokean_records_found_total', 'Records that were not pushed again, because a look-up found them in Loki (LOKEAN_LOKI_VERIFY)'),
    workerFailures: counter('lokean_worker_failures_total', 'Tasks that a worker thread failed on, by how; each is tried again', 'kind', WORKER_FAILURES),
    workerBusy: read('lokean_worker_busy_seconds_total', 'Time that the worker threads together have spent on tasks; its rate, of lokean_workers, is how busy they are'),
    datagramsDropped: read('lokean_datagrams_dropped_total', 'Datagrams that the kernel dropped because the socket\'s buffer was full (LOKEAN_SOCKET; Linux only)', 'address'),
    listenerAccepted: read('lokean_listener_accepted_total', 'Connections that came from senders (LOKEAN_LISTEN)', 'address'),
    listenerFaults: read('lokean_listener_faults_total', 'Senders\' connections that were closed because of what came over them: another protocol, a broken one, no permission', 'address'),
    listenerRecognised: read('lokean_listener_recognised_total', 'Records that their sender sent again while they were held, and that were not taken again (RELP)', 'address'),
    busConnects: read('lokean_bus_connects_total', 'Connections opened to the bus'),
    busDisconnects: read('lokean_bus_disconnects_total', 'Connections to the bus that were lost, or closed by the bus')
  }
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LAG_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600]
/** 1 KiB to 16 MiB. */
const BYTES = exponentialBuckets(1024, 4, 8)
const RECORDS = [1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5]
const PARTS = exponentialBuckets(1, 2, 9)

function histograms (registry: Registry, { addresses }: MetricsOptions) {
  function histogram (name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [registry] })
  }
  const lag = new Histogram({
    name: 'lokean_lag_seconds',
    help: 'From the timestamp of the oldest record of a batch to its storage in Loki',
    buckets: LAG_SECONDS,
    labelNames: ['address'],
    registers: [registry]
  })
  for (const address of addresses) lag.zero({ address })
  return {
    lag,
    batchBytes: histogram('lokean_batch_bytes', 'Bytes of AMQP messages handed to a worker at once', BYTES),
    batchRecords: histogram('lokean_batch_records', 'Records handed to a worker at once', RECORDS),
    encodeDuration: histogram('lokean_encode_duration_seconds', 'From handing a batch to a worker to having it encoded', [
      0.0005, 0.001, 0.0025, ...SECONDS
    ]),
    pushDuration: histogram('lokean_push_duration_seconds', 'Duration of one push request, whatever its answer', SECONDS),
    pushBytes: histogram('lokean_push_bytes', 'Bytes of one push request as sent, compressed', BYTES),
    pushUncompressedBytes: histogram('lokean_push_uncompressed_bytes', 'Bytes of one push request before compression', BYTES),
    pushRecords: histogram('lokean_push_records', 'Records of one push request', RECORDS),
    pushParts: histogram('lokean_push_parts', 'Compressed parts joined into one push request', PARTS)
  }
}

function gauges (registry: Registry, { version, addresses }: MetricsOptions) {
  function derived (name: string, help: string, label?: string, values: readonly string[] = []): DerivedGauge {
    let read: (() => Reading) | undefined
    const gauge = new Gauge<string>({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      collect () {
        if (read === undefined) return
        const reading = read()
        if (typeof reading === 'number') return this.set(reading)
        if (label !== undefined) for (const [value, number] of reading) this.set({ [label]: value }, number)
      }
    })
    if (label !== undefined) for (const value of values) gauge.set({ [label]: value }, 0)
    return { gauge, from: (source) => { read = source } }
  }
  new Gauge({
    name: 'lokean_build_info', help: 'Always 1; which Lokean runs on which Node', labelNames: ['version', 'node'], registers: [registry]
  })
    .set({ version, node: process.version }, 1)
  return {
    linkUp: derived('lokean_link_up', 'Whether the link that reads the address is open (1) or not (0)', 'address', addresses),
    credit: derived('lokean_credit', 'Messages the bus may send at this moment', 'address', addresses),
    inflightBytes: derived('lokean_inflight_bytes', 'Bytes taken from the bus and not settled', 'address', addresses),
    inflightBytesLimit: derived('lokean_inflight_bytes_limit', 'What the address may hold of the budget at this moment: its own part, and three quarters of what is free of the rest', 'address', addresses),
    listenerConnections: derived('lokean_listener_connections', 'Senders that are connected (LOKEAN_LISTEN)', 'address'),
    listenerWaiting: derived('lokean_listener_waiting', 'Senders\' connections that wait unread, because LOKEAN_LISTEN_MAX_CONNECTIONS are served', 'address'),
    queueBytes: derived('lokean_queue_bytes', 'Bytes that wait for a worker, are in one, or wait for a push', 'stage', QUEUE_STAGES),
    workers: derived('lokean_workers', 'Worker threads'),
    streams: derived('lokean_streams', 'Streams of all tenants that got a record within the last hour, those of quarantine left out'),
    oldestUnsettled: derived(
      'lokean_oldest_unsettled_seconds',
      'How long ago the oldest delivery came that is not settled yet; 0 where there is none',
      'address',
      addresses
    ),
    tenantWaitingBytes: derived('lokean_tenant_waiting_bytes', 'Compressed bytes of a tenant that wait for a push or are in one', 'tenant'),
    tenantStreams: derived('lokean_tenant_streams', 'Streams of a tenant that got a record within the last hour, those of quarantine left out', 'tenant'),
    tenantStreamsLimit: derived(
      'lokean_tenant_streams_limit', 'How many streams a tenant may have: LOKEAN_MAX_STREAMS, or what Loki tells', 'tenant'
    ),
    sinkShardsWaiting: derived(
      'lokean_sink_lanes_waiting', 'Lanes (a shard of a tenant) that wait before they push again, or try again, by why', 'reason', RETRY_REASONS
    ),
    sinkShards: derived('lokean_sink_lanes', 'Lanes (a shard of a tenant) that hold parts or a push'),
    deadLetterBytes: derived('lokean_dead_letter_bytes', 'Bytes of the files in the dead-letter directory; 0 without one'),
    deadLetterBytesLimit: derived('lokean_dead_letter_bytes_limit', 'The most bytes they may have (LOKEAN_DEAD_LETTER_BYTES); 0 without a directory'),
    deadLetterBlocked: derived('lokean_dead_letter_blocked', 'Whether records wait for room in the dead-letter directory (1) or not (0)'),
    tenantLastPushSuccess: new Gauge({
      name: 'lokean_tenant_last_push_success_timestamp_seconds',
      help: 'When Loki last took a push of the tenant, in Unix time; at most 256 tenants have a series, the others share `other`',
      labelNames: ['tenant'],
      registers: [registry]
    }),
    lastPushSuccess: new Gauge({
      name: 'lokean_last_push_success_timestamp_seconds', help: 'When Loki last took a push, in Unix time; 0 before the first', registers: [registry]
    })
  }
}

/** Makes the pages' table of metrics, with its header, from the help texts. */
export function metricsMarkdown (registry: Registry): string {
  const rows = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('lokean_')).map((metric) => {
    // Every metric has this property, but prom-client's types do not.
    const { labelNames = [] } = metric as unknown as { labelNames?: readonly string[] }
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${metric.name}\` | ${metric.type} | ${labels} | ${metric.help.replaceAll('|', '\\|')} |`
  })
  return ['| name | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n')
}
