import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { LokeanError } from '../errors.ts'
import type { Generator } from './generator.ts'
import { Load, type LoadCounts } from './load.ts'
import { SenderConnection } from './sender-connection.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SenderOptions {
  /** amqp://host:port or amqps://host:port */
  url: string
  addresses: readonly string[]
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
   * stands for many machines.
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
  window: 16,
  drainTimeout: 10_000,
  now: () => performance.now(),
  timer: (ms: number, callback: () => void) => {
    const timeout = setTimeout(callback, ms)
    return () => clearTimeout(timeout)
  },
  onRetry: () => {}
} satisfies Partial<SenderOptions>

/** The most seconds of records that a message has, where a rate is given. So a low rate gives small messages. */
const RATE_STEP = 0.05
const PROGRESS_INTERVAL = 200

/**
 * Sends generated messages to a bus, as many machines with omamqp1 and `action.resumeRetryCount="-1"` would. A message
 * that comes back, or whose connection is lost, is sent again until it is accepted or rejected. Resolves when all
 * messages are sent and settled, and the connections are closed. Rejects where the bus refuses the login.
 */
export async function startSenders (options: SenderOptions): Promise<SenderResult> {
  const { url, addresses, window, username, password, tls, now, timer, onRetry, ...all } = { ...DEFAULTS, ...options }
  const step = all.rate === undefined ? Infinity : Math.max(1, Math.floor(all.rate * RATE_STEP))
  const load = new Load({
    generator: all.generator,
    addresses: addresses.length,
    records: all.records,
    recordsPerMessage: Math.min(all.generator.recordsPerMessage, step),
    bucket: all.rate === undefined ? undefined : new TokenBucket(all.rate, Math.max(1, all.rate * RATE_STEP * 2), now)
  })
  const started = now()
  let reported = started
  const connections: SenderConnection[] = []
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
        connections.push(new SenderConnection({
          url, addresses, load, window, username, password, tls, timer, onSettled, onRetry, onFatal: reject
        }))
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
