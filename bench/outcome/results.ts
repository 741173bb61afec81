import type { Machine } from './machine.ts'
import type { Spread } from './spread.ts'

/**
 * The result of the bench suite: plain data, printed by `--json` and kept in bench/results. The names carry the units:
 * microseconds, milliseconds, MB of 2^20 bytes.
 */

/** One thread that decodes UTF-8, parses JSON and compresses the messages in blocks of 1 MiB. */
export interface FloorResult {
  usPerRecord: number
  /** The same, but with only the `message` values compressed. */
  linesOnlyUsPerRecord: number
  spread: Spread
  /** The mean size of a record in the AMQP message. */
  recordBytes: number
  what: string
}

/** Medians of the repeats. Null: it cannot be measured here (no /proc, or not the bench's sink). */
export interface PipelineResult {
  recordsPerMessage: number
  workers: number
  shards: number
  recordsPerSecond: number
  /** CPU of the whole program. */
  usPerRecord: number
  mainUsPerRecord: number | null
  /** CPU of all threads but the main one: workers, and V8's and libuv's own threads. */
  workerUsPerRecord: number | null
  /** Peak. */
  rssMb: number
  /** `usPerRecord` divided by the floors measured right before and after. */
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
  /** Pushed bytes divided by the bytes of the same records in pushes of 1 MiB, each compressed as a whole. */
  bytesRatio: number | null
  recordsPerPush: number | null
  eventLoopDelayMs: { p50: number, p99: number, max: number } | null
  sent: number
  stored: number
  missing: number
  doubled: number
}

/** Milliseconds from sending a message to its acceptance, at a steady rate. */
export interface LatencyResult {
  recordsPerMessage: number
  /** The rate as a part of the maximum, 0 to 1. */
  load: number
  /** The delay of the sink's answer to a push. */
  sinkMs: number
  recordsPerSecond: number
  p50: number
  p99: number
  p999: number
  spread: { p50: Spread, p99: Spread, p999: Spread }
}

/** The sink stops answering for `seconds` under full load, then returns. */
export interface StallResult {
  seconds: number
  /** Before the stall. */
  recordsPerSecond: number
  peakRssMb: number
  /** From the sink's return to 90 % of the earlier rate. */
  regainedSeconds: number
  missing: number
  doubled: number
  spread?: { recordsPerSecond: Spread, peakRssMb: Spread, regainedSeconds: Spread }
  /**
   * The last repeat: seconds since the start of the stall, the rate since the sample before, and the RSS at that
   * moment.
   */
  samples?: Array<{ seconds: number, recordsPerSecond: number, rssMb: number | null }>
}

/** Senders that each wait for the disposition of a message before they send the next one. */
export interface HostsResult {
  senders: number
  recordsPerMessage: number
  recordsPerSecond: number
  /** The time that a sender waits for a disposition. */
  waitMs: { p50: number, p99: number }
  spread: { recordsPerSecond: Spread, p50: Spread, p99: Spread }
}

/** A load that each host offers at its rate, waiting for each message as rsyslog does. */
export interface EverydayResult {
  /** What the hosts log, all together. */
  recordsPerSecond: number
  hosts: number
  recordsPerMessage: number
  /** LOKEAN_LINGER. */
  lingerMs: number
  /** Of the whole program; neither the senders nor the bus nor the store. */
  cores: number
  usPerRecord: number
  pushesPerSecond: number
  recordsPerPush: number
  /** From sending a message to its settlement. */
  p50Ms: number
  p99Ms: number
  /** Of a receiver that only settles, and gathers settlements and credit for the same linger. */
  receiverCores: number
  /** The delay of the sink's answer to a push. */
  sinkMs: number
  /** What was stored. It is less than the rate where the program does not keep up with the hosts. */
  settledPerSecond: number
  /** From the moment that the message was due on its host, which may have waited for the one before. */
  lagP99Ms: number | null
  /** Null where the store does not tell, or is the bench's own. */
  storeCores: number | null
}

/** A cloud of which neither the program nor the store knows a stream. */
export interface StartResult {
  streams: number
  /** Until the first record of each stream was stored. */
  seconds: number
  /** In these seconds. */
  pushes: number
  /** What the hosts log, all together. */
  recordsPerSecond: number
}

/** A way in, with Lokean or rsyslog as the receiver. Medians of the repeats. */
export interface InputResult {
  way: 'amqp' | 'relp' | 'syslog+tls'
  receiver: 'lokean' | 'rsyslog'
  connections: number
  recordsPerMessage: number
  /** What the senders have to send in a second, all together; null where they send as fast as the receiver takes it. */
  offered: number | null
  recordsPerSecond: number
  /** CPU of the receiver, as `cores`; neither of the senders nor of the store. */
  usPerRecord: number
  cores: number
  spread: { recordsPerSecond: Spread, usPerRecord: Spread, cores: Spread }
  missing: number
  doubled: number
}

/** Senders over TLS that all come back when Lokean starts again. Null: the kernel does not tell. */
export interface StormResult {
  connections: number
  /** Until each has had an answer, from the moment that the program is up. */
  seconds: number
  /** The longest that a record waited for its answer once its connection was open. */
  slowestMs: number
  /** What the process grows by with each connection that is open and at rest. */
  kibPerConnection: number | null
  /** The process at its most. */
  peakMb: number | null
  /** What the kernel held of TCP at its most, at both ends, for each connection. */
  kernelKibPerConnection: number | null
  missing: number
  doubled: number
}

/** Quiet senders by RELP, with and without one beside them that sends as fast as it can. Medians of the repeats. */
export interface NoisyResult {
  quiet: number
  /** Of the noisy one. */
  recordsPerSecond: number
  /** From sending a record of a quiet one to its answer. */
  aloneP99Ms: number
  besideP99Ms: number
  ratio: number
  spread: { recordsPerSecond: Spread, aloneP99Ms: Spread, besideP99Ms: Spread, ratio: Spread }
  missing: number
  doubled: number
}

export interface IdleResult {
  /** Percent of one core, while the program is connected and attached and has nothing to do. */
  cpuPercent: number
  spread?: Spread
}

/** The store's own limit with prepared pushes, and the rate of Lokean with the same store. */
export interface LokiResult {
  url: string
  recordsPerPush: number
  ceiling: Array<{ connections: number, recordsPerSecond: number, p50: number, p99: number, refused: number, spread: Spread }>
  reached: { recordsPerSecond: number, spread: Spread }
}

/** A step of the program and the other ways to do it that were considered. */
export interface MicroResult {
  question: string
  unit: string
  alternatives: Array<{
    name: string
    /** Whether Lokean uses this alternative. */
    chosen: boolean
    value: number
    spread: Spread
    /** Relative to the chosen alternative in the same round, because a shared machine changes its speed. */
    timesChosen: Spread
  }>
}

/** A section that `--only` left out is missing. */
export interface BenchResult extends Sections {
  /** ISO 8601. */
  at: string
  quick: boolean
  machine: Machine
  /** What could not be measured on this machine, and why. */
  notes?: string[]
  /** The sections that a run of some suites has measured anew since. */
  renewed?: Partial<Record<keyof Sections, { at: string, lokean: string }>>
}

export interface Sections {
  floor?: FloorResult
  pipeline?: PipelineResult[]
  latency?: LatencyResult[]
  stall?: StallResult
  hosts?: HostsResult[]
  everyday?: EverydayResult[]
  inputs?: InputResult[]
  storms?: StormResult[]
  noisy?: NoisyResult[]
  start?: StartResult[]
  idle?: IdleResult
  loki?: LokiResult
  micro?: MicroResult[]
}

/** The options of every suite; each may take more. `progress` shows a line of text while the suite runs. */
export interface SuiteOptions {
  quick: boolean
  progress: (text: string) => void
}
