import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { LokeanError } from '../errors.ts'
import type { Connection } from './connection.ts'
import type { Generator } from './generator.ts'
import { Load, type LoadCounts } from './load.ts'
import { SenderConnection } from './sender-connection.ts'
import { StreamConnection } from './stream-connection.ts'
import { streamProtocol } from './stream-protocols.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SenderOptions {
  /** amqp://host:port, or with amqps, relp, relps, syslog+tcp or syslog+tls. */
  url: string
  /** Of AMQP only. */
  addresses: readonly string[]
  /** Its messages are AMQP's, or else single records. */
  generator: Generator
  /** The number of records in all. Without it and `duration`, records are sent until the signal. */
  records?: number
  /** In milliseconds. */
  duration?: number
  /** Records a second. Default: as fast as the bus takes them. */
  rate?: number
  connections?: number
  /**
   * The most unsettled messages on each connection and address. One machine's omamqp1 has 1, but a connection here
   * stands for many machines. By RELP the most unanswered records, as rsyslog's `windowSize`.
   */
  window?: number
  username?: string
  password?: string
  tls?: TlsOptions
  /**
   * When aborted, no new message is sent. Messages in flight may still be settled, for at most `drainTimeout`
   * milliseconds.
   */
  signal?: AbortSignal
  drainTimeout?: number
  /** Called when messages were settled, at most a few times a second, and at the end. */
  onProgress?: (counts: Readonly<LoadCounts>) => void
  /** A connection failed, and is opened again after `delay` milliseconds. */
  onRetry?: (error: Error, delay: number) => void
  /** Milliseconds of a monotonic clock. */
  now?: () => number
  timer?: (ms: number, callback: () => void) => () => void
}

export interface SenderResult extends LoadCounts { seconds: number }

const DEFAULTS = {
  connections: 1,
  drainTimeout: 10_000,
  now: () => performance.now(),
  timer: (ms: number, callback: () => void) => {
    const timeout = setTimeout(callback, ms)
    return () => clearTimeout(timeout)
  },
  onRetry: () => {}
} satisfies Partial<SenderOptions>

const WINDOWS = { amqp: 16, relp: 128 }

/** The most seconds of records that a message has, where a rate is given. So a low rate gives small messages. */
const RATE_STEP = 0.05
const PROGRESS_INTERVAL = 200

/**
 * Sends generated messages, as many machines with omamqp1 and `action.resumeRetryCount="-1"` would to a bus, those
 * with omrelp to a RELP server, those with omfwd to a syslog server. A message that comes back, or whose connection is
 * lost, is sent again until it is accepted or rejected, or written where nothing is acknowledged. By RELP and syslog
 * each machine keeps to one connection. Resolves when all messages are sent and settled, and the connections are
 * closed. Rejects where the bus refuses the login.
 */
export async function startSenders (options: SenderOptions): Promise<SenderResult> {
  const { url, addresses, username, password, tls, now, timer, onRetry, ...all } = { ...DEFAULTS, ...options }
  const protocol = streamProtocol(url)
  const { window = protocol === undefined ? WINDOWS.amqp : WINDOWS.relp } = all
  const step = all.rate === undefined ? Infinity : Math.max(1, Math.floor(all.rate * RATE_STEP))
  const load = new Load({
    generator: all.generator,
    addresses: protocol === undefined ? addresses.length : all.connections,
    records: all.records,
    recordsPerMessage: Math.min(all.generator.recordsPerMessage, step),
    bucketOf: all.rate === undefined ? undefined : buckets(all.rate, protocol === undefined ? 1 : all.connections, now)
  })
  const started = now()
  let reported = started
  const connections: Connection[] = []
  const cancels: Array<() => void> = []
  const onAbort = () => end()
  let end = () => {}
  try {
    await new Promise<void>((resolve, reject: (error: LokeanError) => void) => {
      const check = () => { if (load.done) resolve() }
      end = () => {
        load.end()
        check()
        cancels.push(timer(all.drainTimeout, resolve))
      }
      const onSettled = () => {
        check()
        if (now() - reported < PROGRESS_INTERVAL) return
        reported = now()
        all.onProgress?.({ ...load.counts })
      }
      if (all.signal?.aborted === true || load.done) return resolve()
      all.signal?.addEventListener('abort', onAbort, { once: true })
      if (all.duration !== undefined) cancels.push(timer(all.duration, end))
      for (let i = 0; i < all.connections; i++) {
        const shared = { url, load, window, tls, timer, onSettled, onRetry }
        connections.push(protocol === undefined
          ? new SenderConnection({ ...shared, addresses, username, password, onFatal: reject })
          : new StreamConnection({ ...shared, protocol, address: i }))
      }
    })
  } finally {
    all.signal?.removeEventListener('abort', onAbort)
    for (const cancel of cancels) cancel()
    await Promise.all(connections.map(connection => connection.close()))
  }
  all.onProgress?.({ ...load.counts })
  return { ...load.counts, seconds: (now() - started) / 1000 }
}

/**
 * Shares a rate among connections, so that none waits for another that is faster. They begin at different fractions of
 * a record, because machines do not log in step. The addresses of a bus share one bucket.
 */
function buckets (rate: number, connections: number, now: () => number): (address: number) => TokenBucket {
  const each = rate / connections
  const all = Array.from({ length: connections }, (_, i) => {
    const bucket = new TokenBucket(each, Math.max(1, each * RATE_STEP * 2), now)
    bucket.take(i / connections)
    return bucket
  })
  return address => all[address] ?? all[0]!
}
