/** What a run of the bench suite yields: plain data, printed by `--json` and kept in bench/results. Units are in the names: microseconds, milliseconds, MB of 2^20 bytes. */

/** Of the repeats of one measurement. */
export interface Spread { median: number, min: number, max: number }

export interface HostMachine {
  cpu: string
  cores: number
  memoryMb: number
  os: string
  node: string
  /** Version, and the commit where it is run from a checkout. */
  lokean: string
}

export interface Machine extends HostMachine {
  /** `bench` where the suite plays the part itself, else the host of the real one. */
  target: { bus: string, loki: string }
}

/** One thread that decodes UTF-8, parses JSON and compresses the messages in blocks of 1 MiB. */
export interface FloorResult {
  usPerRecord: number
  /** The same, with only the `message` values compressed. */
  linesOnlyUsPerRecord: number
  spread: Spread
  /** Mean size of a record as it lies in the AMQP message. */
  recordBytes: number
  what: string
}

/** Medians of the repeats. Null: cannot be told here (no /proc; not our sink). */
export interface PipelineResult {
  recordsPerMessage: number
  workers: number
  shards: number
  recordsPerSecond: number
  /** CPU of the whole program. */
  usPerRecord: number
  mainUsPerRecord: number | null
  /** All that is not the main thread: worker threads, V8's and libuv's own. */
  workerUsPerRecord: number | null
  /** Peak. */
  rssMb: number
  /** `usPerRecord` against the floors measured right before and after. */
  ratio: number
  spread: {
    recordsPerSecond: Spread
    usPerRecord: Spread
    mainUsPerRecord: Spread | null
    workerUsPerRecord: Spread | null
    ratio: Spread
  }
  /** Pushed bytes. */
  bytesPerRecord: number | null
  /** Pushed bytes against the same records in maximal pushes of 1 MiB, compressed at once. */
  bytesRatio: number | null
  recordsPerPush: number | null
  eventLoopDelayMs: { p50: number, p99: number, max: number } | null
  sent: number
  stored: number
  missing: number
  doubled: number
}

/** Milliseconds from sending a message to having it accepted, at a steady rate. */
export interface LatencyResult {
  recordsPerMessage: number
  /** The rate's share of the maximum, 0 to 1. */
  load: number
  /** How long the sink takes to answer a push. */
  sinkMs: number
  recordsPerSecond: number
  p50: number
  p99: number
  p999: number
  spread: { p50: Spread, p99: Spread, p999: Spread }
}

/** Under full load the sink stops answering for `seconds`, then returns. */
export interface StallResult {
  seconds: number
  /** Before the stall. */
  recordsPerSecond: number
  peakRssMb: number
  /** From the sink's return to 90 % of the rate before. */
  regainedSeconds: number
  missing: number
  doubled: number
  spread?: { recordsPerSecond: Spread, peakRssMb: Spread, regainedSeconds: Spread }
  /** Of the last repeat: seconds from the beginning of the stall, what was accepted since the sample before, the RSS at that moment. */
  samples?: Array<{ seconds: number, recordsPerSecond: number, rssMb: number | null }>
}

/** Senders that each wait for the disposition of a message before they send the next one. */
export interface HostsResult {
  senders: number
  recordsPerMessage: number
  recordsPerSecond: number
  /** How long a sender waits for a disposition. */
  waitMs: { p50: number, p99: number }
  spread: { recordsPerSecond: Spread, p50: Spread, p99: Spread }
}

export interface IdleResult {
  /** Of one core; connected and attached, nothing to do. */
  cpuPercent: number
  spread?: Spread
}

/** What the store itself takes of prepared pushes, and what Lokean reached against the same store. */
export interface LokiResult {
  url: string
  recordsPerPush: number
  ceiling: Array<{ connections: number, recordsPerSecond: number, p50: number, p99: number, refused: number, spread: Spread }>
  reached: { recordsPerSecond: number, spread: Spread }
}

/** A step of the program beside the other ways to do it that were considered. */
export interface MicroResult {
  question: string
  unit: string
  alternatives: Array<{
    name: string
    /** The one that Lokean uses. */
    chosen: boolean
    value: number
    spread: Spread
    /** Against the chosen one in the same round: what can be said on a machine that changes its speed. */
    timesChosen: Spread
  }>
}

/** A section that `--only` left out is not there. */
export interface BenchResult {
  /** ISO 8601. */
  at: string
  quick: boolean
  machine: Machine
  floor?: FloorResult
  pipeline?: PipelineResult[]
  latency?: LatencyResult[]
  stall?: StallResult
  hosts?: HostsResult[]
  idle?: IdleResult
  loki?: LokiResult
  micro?: MicroResult[]
}

/** What every suite is called with; each may take more. `progress` shows a line of text while it runs. */
export interface SuiteOptions {
  quick: boolean
  progress: (text: string) => void
}

/** Of at least one value; the median of an even number of them is the mean of the middle two. */
export function spreadOf (values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('a spread needs at least one value')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}
