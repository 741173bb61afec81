import { readFileSync } from 'node:fs'
import type { LoadOptions, PeerOptions } from '../cli/arguments.ts'
import type { Config } from '../config/config.ts'
import { formatHostPort } from '../config/endpoints.ts'
import { ConfigError, UsageError } from '../errors.ts'
import type { LoadThread, ThreadLoadOptions } from '../generator/bus-thread.ts'
import type { LoadCounts } from '../generator/load.ts'
import type { SenderResult } from '../generator/sender.ts'
import { cleanText } from '../log.ts'
import type { Context } from './context.ts'
import { ProgressLine } from './progress-line.ts'

/** Who gets a load, and how. */
export interface LoadTarget extends Pick<ThreadLoadOptions, 'addresses' | 'username' | 'password' | 'tls' | 'window' | 'form'> {
  url: string
  /** The target as a message names it. */
  name: string
}

/** Unsettled messages on each connection: enough to keep the bus busy, and few enough to keep the waits short. */
const WINDOW = 64
const DEMO_CONNECTIONS = 2
const WARN_MS = 5_000

/** The bus of the settings. */
export function busTarget ({ amqp }: Config, hosts: number): LoadTarget {
  const [endpoint] = amqp.urls
  if (amqp.addresses.length === 0 || endpoint === undefined) throw new ConfigError('LOKEAN_AMQP_ADDRESSES is off: there is no address to send to')
  const { host, port, tls } = endpoint
  const { servername, login: { current: { username, password, ca, cert, key } } } = amqp
  return {
    url: `amqp${tls ? 's' : ''}://${formatHostPort(host, port)}`,
    name: 'the bus',
    addresses: amqp.addresses.slice(0, hosts).map(({ address }) => address),
    window: WINDOW,
    username,
    password: password?.reveal(),
    tls: tls ? { ca, cert, key: key?.reveal(), ...servername === undefined ? {} : { servername } } : undefined
  }
}

/** By RELP the records have the form of the bus, by syslog that of syslog, unless `--form` says otherwise. */
export function urlTarget (url: URL, { form, window, ca, cert, key }: PeerOptions): LoadTarget {
  return {
    url: url.href,
    name: url.href,
    addresses: [],
    form: form ?? (url.protocol.startsWith('relp') ? 'json' : 'rfc5424'),
    window,
    tls: { ca: read('ca', ca), cert: read('cert', cert), key: read('key', key) }
  }
}

function read (flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`)
  }
}

/**
 * Sends records, as `--records`, `--for`, `--rate`, ... say, until all are settled. Shows progress on stderr. Stops
 * early, in order, when the process is asked to stop.
 */
export async function runLoad (
  context: Context, options: LoadOptions & { connections?: number }, { name, ...target }: LoadTarget, thread: LoadThread
): Promise<SenderResult & { seed: number }> {
  const progress = new Progress(context, options.records, name)
  const load = thread.startLoad({
    ...target,
    generator: { hosts: options.hosts, seed: options.seed },
    recordsPerMessage: options.recordsPerMessage,
    records: options.records,
    duration: options.forMs,
    rate: options.rate,
    connections: Math.min(options.hosts, options.connections ?? DEMO_CONNECTIONS)
  }, counts => progress.show(counts), message => progress.warn(message))
  const stop = (): void => { void load.stop() }
  context.stopping.addEventListener('abort', stop, { once: true })
  try {
    const result = await load.done
    return { ...result, seed: await load.seed }
  } finally {
    context.stopping.removeEventListener('abort', stop)
    progress.end()
  }
}

/** Shows how far the load is. */
class Progress {
  readonly #context: Context
  readonly #line: ProgressLine
  readonly #records: number | undefined
  readonly #name: string
  readonly #start = performance.now()
  #lastWarning = -Infinity

  constructor (context: Context, records: number | undefined, name: string) {
    this.#context = context
    this.#line = new ProgressLine(context)
    this.#records = records
    this.#name = name
  }

  show ({ sent, accepted, written, resent }: LoadCounts): void {
    const seconds = (performance.now() - this.#start) / 1000
    const settled = accepted + written
    const share = this.#records === undefined ? '' : ` (${Math.floor(100 * settled / this.#records)}%)`
    this.#line.show(() => `${settled.toLocaleString('en')} of ${sent.toLocaleString('en')} sent are ${written > 0 ? 'written' : 'stored'}${share}, ` +
      `${Math.round(settled / seconds).toLocaleString('en')} records/s${resent === 0 ? '' : `, ${resent.toLocaleString('en')} sent again`}`)
  }

  /** Warns now and then, however many connections fail. */
  warn (message: string): void {
    const now = performance.now()
    if (now - this.#lastWarning < WARN_MS) return
    this.#lastWarning = now
    this.end()
    this.#context.stderr.write(`no connection to ${this.#name}: ${cleanText(message)}; trying again\n`)
  }

  end (): void {
    this.#line.end()
  }
}
