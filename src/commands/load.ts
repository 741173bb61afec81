import type { LoadOptions } from '../cli/arguments.ts'
import type { Config } from '../config/config.ts'
import { formatHostPort } from '../config/endpoints.ts'
import { ConfigError } from '../errors.ts'
import type { BusThread } from '../generator/bus-thread.ts'
import type { LoadCounts } from '../generator/load.ts'
import type { SenderResult } from '../generator/sender.ts'
import { cleanText } from '../log.ts'
import type { Context } from './context.ts'
import { ProgressLine } from './progress-line.ts'

/** Unsettled messages on each connection: enough to keep the bus busy, and few enough to keep the waits short. */
const WINDOW = 64
const DEMO_CONNECTIONS = 2
const WARN_MS = 5_000

/**
 * Sends records to the bus of the settings, as `--records`, `--for`, `--rate`, ... say, until all are settled. Shows
 * progress on stderr. Stops early, in order, when the process is asked to stop.
 */
export async function runLoad (
  context: Context, options: LoadOptions & { connections?: number }, config: Config, thread: BusThread
): Promise<SenderResult & { seed: number }> {
  const { amqp } = config
  const [endpoint] = amqp.urls
  if (amqp.addresses.length === 0 || endpoint === undefined) throw new ConfigError('LOKEAN_AMQP_ADDRESSES is off: there is no address to send to')
  const { host, port, tls } = endpoint
  const progress = new Progress(context, options.records)
  const load = thread.startLoad({
    url: `amqp${tls ? 's' : ''}://${formatHostPort(host, port)}`,
    addresses: amqp.addresses.slice(0, options.hosts).map(({ address }) => address),
    generator: { hosts: options.hosts, seed: options.seed },
    recordsPerMessage: options.recordsPerMessage,
    records: options.records,
    duration: options.forMs,
    rate: options.rate,
    connections: Math.min(options.hosts, options.connections ?? DEMO_CONNECTIONS),
    window: WINDOW,
    username: amqp.username,
    password: amqp.password?.reveal(),
    tls: tls ? { ca: amqp.ca, cert: amqp.cert, key: amqp.key?.reveal() } : undefined
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
  readonly #start = performance.now()
  #lastWarning = -Infinity

  constructor (context: Context, records: number | undefined) {
    this.#context = context
    this.#line = new ProgressLine(context)
    this.#records = records
  }

  show ({ sent, accepted, resent }: LoadCounts): void {
    const seconds = (performance.now() - this.#start) / 1000
    const share = this.#records === undefined ? '' : ` (${Math.floor(100 * accepted / this.#records)}%)`
    this.#line.show(() => `${accepted.toLocaleString('en')} of ${sent.toLocaleString('en')} sent are stored${share}, ` +
      `${Math.round(accepted / seconds).toLocaleString('en')} records/s${resent === 0 ? '' : `, ${resent.toLocaleString('en')} sent again`}`)
  }

  /** Warns now and then, however many connections fail. */
  warn (message: string): void {
    const now = performance.now()
    if (now - this.#lastWarning < WARN_MS) return
    this.#lastWarning = now
    this.end()
    this.#context.stderr.write(`no connection to the bus: ${cleanText(message)}; trying again\n`)
  }

  end (): void {
    this.#line.end()
  }
}
