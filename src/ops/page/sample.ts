/** The part of prom-client's Registry that is needed here. */
export interface MetricSource {
  getSingleMetric (name: string): { get (): Promise<{ values: ReadonlyArray<{ value: number, labels: object, metricName?: string }> }> }
    | undefined
}

/** The metrics that the page shows, by their names in /metrics without the common prefix. */
const METRICS = [
  'messages_received_total', 'received_bytes_total', 'messages_settled_total', 'records_received_total', 'records_stored_total',
  'records_quarantined_total', 'records_mended_total', 'records_dropped_total', 'records_redacted_total',
  'records_dead_lettered_total', 'records_resent_total', 'records_found_total',
  'records_redelivered_total', 'pushes_total', 'push_retries_total',
  'worker_failures_total', 'worker_busy_seconds_total',
  'bus_connects_total', 'lag_seconds', 'batch_records', 'encode_duration_seconds', 'push_duration_seconds', 'push_bytes', 'push_records',
  'link_up', 'credit', 'inflight_bytes', 'inflight_bytes_limit', 'queue_bytes', 'workers', 'streams', 'sink_lanes',
  'sink_lanes_waiting', 'oldest_unsettled_seconds'
] as const

/** The metrics at one moment. */
export interface Sample {
  /** The time on a clock that never goes back. */
  atMs: number
  /** How long the main thread has been busy since the process began. */
  busyMs: number
  /**
   * By metric, then by label ('' where it has none). A histogram has `name_sum` and `name_count` by label, and
   * `name_bucket` by `le`, added up over the labels.
   */
  values: Map<string, Map<string, number>>
}

/** Reads the metrics once. It must not read those of Node's event loop: each read begins their next interval. */
export async function takeSample (registry: MetricSource): Promise<Sample> {
  const sample: Sample = { atMs: performance.now(), busyMs: performance.eventLoopUtilization().active, values: new Map() }
  for (const name of METRICS) {
    const metric = await registry.getSingleMetric(`lokean_${name}`)?.get()
    for (const { value, labels, metricName } of metric?.values ?? []) {
      const { le, ...others } = labels as Record<string, string | number | undefined>
      const label = le ?? Object.values(others)[0] ?? ''
      add(sample.values, (metricName ?? name).replace(/^lokean_/, ''), String(label), value)
    }
  }
  return sample
}

function add (values: Sample['values'], name: string, label: string, value: number): void {
  let byLabel = values.get(name)
  if (byLabel === undefined) values.set(name, byLabel = new Map<string, number>())
  byLabel.set(label, (byLabel.get(label) ?? 0) + value)
}

/** The time between the first and the last of a few samples. */
export class SampleWindow {
  readonly #samples: readonly Sample[]
  readonly #first: Sample
  readonly #last: Sample
  readonly seconds: number

  /** `samples`: at least two, the oldest first. */
  constructor (samples: readonly Sample[]) {
    const [first, last] = [samples[0], samples.at(-1)]
    if (first === undefined || last === undefined) throw new RangeError('a stretch needs two samples')
    this.#samples = samples
    this.#first = first
    this.#last = last
    this.seconds = (last.atMs - first.atMs) / 1000
  }

  labels (name: string): string[] {
    return [...this.#last.values.get(name)?.keys() ?? []]
  }

  /** The newest value of one label, or the sum over all labels. */
  now (name: string, label?: string): number {
    return read(this.#last, name, label)
  }

  /** The mean of a gauge over the window. */
  mean (name: string, label?: string): number {
    return this.#samples.reduce((sum, sample) => sum + read(sample, name, label), 0) / this.#samples.length
  }

  /** How much a counter grew. */
  growth (name: string, label?: string): number {
    return read(this.#last, name, label) - read(this.#first, name, label)
  }

  /** How much a counter grew per second. */
  rate (name: string, label?: string): number {
    return this.growth(name, label) / this.seconds
  }

  /** The mean of a histogram's observations within the window; undefined where there was none. */
  average (name: string, label?: string): number | undefined {
    const count = this.growth(`${name}_count`, label)
    return count > 0 ? this.growth(`${name}_sum`, label) / count : undefined
  }

  /**
   * The value that a share `q` of a histogram's observations within the window does not exceed. Observations count as
   * spread evenly over their bucket. The last bucket has no end, so its beginning is returned.
   */
  quantile (name: string, q: number): number | undefined {
    const wanted = q * this.growth(`${name}_count`)
    if (wanted <= 0) return undefined
    const bounds = this.labels(`${name}_bucket`).map(le => [le === '+Inf' ? Infinity : Number(le), le] as const).sort(([a], [b]) => a - b)
    let [lower, below] = [0, 0]
    for (const [upper, le] of bounds) {
      const count = this.growth(`${name}_bucket`, le)
      if (count >= wanted) return upper === Infinity ? lower : lower + (upper - lower) * (wanted - below) / (count - below)
      lower = upper
      below = count
    }
    return lower
  }

  /** The share of the window, 0 to 1, for which the main thread was busy. */
  get mainThreadBusy (): number {
    return Math.min(1, (this.#last.busyMs - this.#first.busyMs) / 1000 / this.seconds)
  }
}

function read (sample: Sample, name: string, label?: string): number {
  const byLabel = sample.values.get(name)
  if (byLabel === undefined) return 0
  if (label !== undefined) return byLabel.get(label) ?? 0
  let sum = 0
  for (const value of byLabel.values()) sum += value
  return sum
}
