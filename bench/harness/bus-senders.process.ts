import { formatHostPort } from '../../src/config/endpoints.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { OutcomeName } from '../../src/demo/bus/ports.ts'
import { createGenerator, type Generator } from '../../src/demo/generator/generator.ts'
import { Load, type Parcel } from '../../src/demo/generator/load.ts'
import { SenderConnection } from '../../src/demo/generator/sender-connection.ts'
import { TokenBucket } from '../../src/demo/generator/token-bucket.ts'
import { serve } from './child.ts'
import type { LoadCounts, LoadMethods } from './load.process.ts'
import { type PoolOptions, poolRecordsOf } from './message-pool.ts'
import type { PaceOptions } from './pace.ts'
import { TimesRecorder } from './times.ts'

/** Where nobody waits: so many connections, each with as many messages on its way as a router gives credit for. */
const CONNECTIONS = 4
const WINDOW = 250
/** A rate is kept by so many milliseconds' worth of records at a time, or a message. */
const BURST_MS = 5

const times = new TimesRecorder()
const connections: SenderConnection[] = []
let generator: Generator
let load: TimedLoad | undefined
let paced: { rate: number, since: number } | undefined
let onSettled = (): void => {}

/** Also knows how many messages were accepted, and how long each was on its way. */
class TimedLoad extends Load {
  messages = 0
  readonly #sentAt = new Map<Parcel, number>()

  override next (address: number): Parcel | number | undefined {
    const next = super.next(address)
    if (typeof next === 'object' && !this.#sentAt.has(next)) this.#sentAt.set(next, performance.now())
    return next
  }

  override settle (parcel: Parcel, outcome: OutcomeName): boolean {
    if (outcome === 'rejected') throw new Error('the bus rejected a message: its records are lost')
    const again = super.settle(parcel, outcome)
    if (again) return true
    this.messages++
    times.record(performance.now() - (this.#sentAt.get(parcel) ?? NaN))
    this.#sentAt.delete(parcel)
    return false
  }
}

function start (pace: PaceOptions): void {
  const { amqp } = loadConfig(process.env).config
  const [{ host, port, tls }] = amqp.urls
  const { recordsPerMessage } = generator
  const senders = 'senders' in pace ? pace.senders : undefined
  const rate = 'rate' in pace ? pace.rate : undefined
  if (rate !== undefined) paced = { rate, since: performance.now() }
  load = new TimedLoad({
    generator,
    addresses: Math.min(amqp.addresses.length, generator.hosts.length),
    recordsPerMessage,
    bucket: rate === undefined ? undefined : new TokenBucket(rate, Math.max(recordsPerMessage, rate * BURST_MS / 1000), () => performance.now())
  })
  for (let i = 0; i < (senders ?? CONNECTIONS); i++) {
    connections.push(new SenderConnection({
      url: `amqp${tls ? 's' : ''}://${formatHostPort(host, port)}`,
      addresses: [...amqp.addresses].slice(0, generator.hosts.length),
      load,
      window: senders === undefined ? WINDOW : 1,
      username: amqp.username,
      password: amqp.password?.reveal(),
      tls: tls ? { ca: amqp.ca, cert: amqp.cert, key: amqp.key?.reveal() } : undefined,
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

function counts (): LoadCounts {
  const { user, system } = process.cpuUsage()
  const { sent = 0, accepted = 0 } = load?.counts ?? {}
  const due = paced === undefined ? 0 : (performance.now() - paced.since) * paced.rate / 1000
  return { sent, settled: accepted, messages: load?.messages ?? 0, behind: Math.max(0, Math.floor(due) - sent), at: performance.timeOrigin + performance.now(), cpuMicros: user + system }
}

/** The load for a real bus, the one that the environment names: the senders of `lokean generate`. Offers what load.process.ts does. */
const methods: LoadMethods = {
  listen: async ({ recordsPerMessage, hosts, seed = 1 }: PoolOptions) => {
    generator = createGenerator({ recordsPerMessage, hosts, seed })
    return { url: process.env.LOKEAN_AMQP_URL ?? '', poolRecords: poolRecordsOf(hosts) }
  },
  attached: async () => {},
  start,
  counts,
  times: () => times.take(),
  stop: async () => {
    load?.end()
    await new Promise<void>(resolve => {
      onSettled = () => { if (load?.done !== false) resolve() }
      onSettled()
    })
    const final = counts()
    await Promise.all(connections.map(async connection => await connection.close()))
    return final
  }
}
serve(methods)
