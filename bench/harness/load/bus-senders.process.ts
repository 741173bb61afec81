import { formatHostPort } from '../../../src/config/endpoints.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { OutcomeName } from '../../../src/embedded/bus/ports.ts'
import type { Generator } from '../../../src/generator/generator.ts'
import { Load, type Parcel } from '../../../src/generator/load.ts'
import { SenderConnection } from '../../../src/generator/sender-connection.ts'
import { TokenBucket } from '../../../src/generator/token-bucket.ts'
import { serve } from '../child.ts'
import type { LoadCounts, LoadMethods } from './load.process.ts'
import { type PoolOptions, poolRecordsOf } from './message-pool.ts'
import type { PaceOptions } from './pace.ts'
import { preparedGenerator } from './prepared-generator.ts'
import { TimesRecorder } from './times.ts'

/**
 * Connections where no sender waits for its answer. Each has as many messages unsettled as a router gives credit for.
 */
const CONNECTIONS = 4
const WINDOW = 250
/** Messages that are late are made up for: at most those of so many seconds. */
const MADE_UP_SECONDS = 600

const times = new TimesRecorder()
let connections: SenderConnection[] = []
let generator: Generator
let load: TimedLoad | undefined
let paced: { rate: number, since: number } | undefined
/** The records and messages of the loads before this one. */
const before = { sent: 0, accepted: 0, messages: 0 }
let onSettled = (): void => {}

export interface Disturbance {
  /** The longest time without an accepted message. */
  longestGapMs: number
  /** Messages that the bus gave back, which are sent again. */
  returned: number
}

/** Adds to load.process.ts what a sender has noticed, since the last call, of receivers that come and go. */
export type SendersMethods = LoadMethods & { disturbance: () => Disturbance }

/** Also measures how long each message was on its way, and how long no message was accepted. */
class TimedLoad extends Load {
  messages = 0
  #returned = 0
  #longestGapMs = 0
  #acceptedAt = performance.now()
  readonly #sentAt = new Map<Parcel, number>()

  override next (address: number): Parcel | number | undefined {
    const next = super.next(address)
    if (typeof next === 'object' && !this.#sentAt.has(next)) this.#sentAt.set(next, performance.now())
    return next
  }

  override settle (parcel: Parcel, outcome: OutcomeName): boolean {
    if (outcome === 'rejected') throw new Error('the bus rejected a message: its records are lost')
    const again = super.settle(parcel, outcome)
    if (again) {
      this.#returned++
      return true
    }
    this.messages++
    this.#noteGap()
    this.#acceptedAt = performance.now()
    times.record(performance.now() - (this.#sentAt.get(parcel) ?? NaN))
    this.#sentAt.delete(parcel)
    return false
  }

  /** A gap that is still open counts with its length so far, both now and in the next call. */
  takeDisturbance (): Disturbance {
    this.#noteGap()
    const taken = { longestGapMs: this.#longestGapMs, returned: this.#returned }
    this.#longestGapMs = 0
    this.#returned = 0
    return taken
  }

  #noteGap (): void {
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#acceptedAt)
  }
}

/** Senders that wait and have a rate share it: whichever has nothing unsettled sends what is due. */
function start (pace: PaceOptions): void {
  const { amqp } = loadConfig(process.env).config
  const [{ host, port, tls }] = amqp.urls
  const { recordsPerMessage } = generator
  const senders = 'senders' in pace ? pace.senders : undefined
  const rate = 'rate' in pace ? pace.rate : undefined
  paced = rate === undefined ? undefined : { rate, since: performance.now() }
  const bucket = rate === undefined ? undefined : drainedBucket(rate, recordsPerMessage)
  load = new TimedLoad({
    generator,
    addresses: Math.min(amqp.addresses.length, generator.hosts.length),
    recordsPerMessage,
    bucketOf: bucket === undefined ? undefined : () => bucket
  })
  const login = amqp.login.current
  for (let i = 0; i < (senders ?? CONNECTIONS); i++) {
    connections.push(new SenderConnection({
      url: `amqp${tls ? 's' : ''}://${formatHostPort(host, port)}`,
      addresses: amqp.addresses.slice(0, generator.hosts.length).map(({ address }) => address),
      load,
      window: senders === undefined ? WINDOW : 1,
      username: login.username,
      password: login.password?.reveal(),
      tls: tls ? { ca: login.ca, cert: login.cert, key: login.key?.reveal() } : undefined,
      timer: (ms, callback) => {
        const timer = setTimeout(callback, ms)
        return () => clearTimeout(timer)
      },
      onSettled: () => onSettled(),
      onRetry: (error, delay) => process.stderr.write(`no connection to the bus: ${error.message}; trying again in ${delay} ms\n`),
      onFatal: error => { throw error }
    }))
  }
}

/** The bucket holds the records of the first message, and nothing else. */
function drainedBucket (rate: number, first: number): TokenBucket {
  const burst = first + rate * MADE_UP_SECONDS
  const bucket = new TokenBucket(rate, burst, () => performance.now())
  bucket.take(burst - first)
  return bucket
}

function counts (): LoadCounts {
  const { user, system } = process.cpuUsage()
  const { sent = 0, accepted = 0 } = load?.counts ?? {}
  const due = paced === undefined ? 0 : (performance.now() - paced.since) * paced.rate / 1000
  return {
    sent: before.sent + sent,
    settled: before.accepted + accepted,
    messages: before.messages + (load?.messages ?? 0),
    behind: Math.max(0, Math.floor(due) - sent),
    at: performance.timeOrigin + performance.now(),
    cpuMicros: user + system
  }
}

/** The load for the bus that the environment names. It uses the senders of `lokean generate` with prepared messages. */
const methods: SendersMethods = {
  listen: ({ recordsPerMessage, hosts, seed = 1 }: PoolOptions) => {
    generator = preparedGenerator({ recordsPerMessage, hosts, seed })
    return Promise.resolve({ url: process.env.LOKEAN_AMQP_URL ?? '', poolRecords: poolRecordsOf(hosts) })
  },
  attached: async () => {},
  start,
  counts,
  times: () => times.take(),
  // The senders of `lokean generate` do not say when a message was due.
  lags: () => new TimesRecorder().take(),
  disturbance: () => load?.takeDisturbance() ?? { longestGapMs: 0, returned: 0 },
  stop: async () => {
    load?.end()
    await new Promise<void>(resolve => {
      onSettled = () => { if (load?.done !== false) resolve() }
      onSettled()
    })
    const final = counts()
    await Promise.all(connections.map(async connection => await connection.close()))
    connections = []
    Object.assign(before, { sent: final.sent, accepted: final.settled, messages: final.messages })
    load = paced = undefined
    return final
  }
}
serve(methods)
