import { Load } from '../../../src/generator/load.ts'
import type { RecordForm } from '../../../src/generator/record-form.ts'
import { StreamConnection } from '../../../src/generator/stream-connection.ts'
import { streamProtocol } from '../../../src/generator/stream-protocols.ts'
import { TokenBucket } from '../../../src/generator/token-bucket.ts'
import { serve } from '../child.ts'
import type { Times } from '../load/times.ts'
import { preparedRecords } from './prepared-records.ts'
import { TimedLoad } from './timed-load.ts'

export interface StreamLoadOptions {
  url: string
  connections: number
  form: RecordForm
  /** Records a second in all; as fast as the receiver takes them where it is not given. */
  rate?: number
  ca?: string
  /** The most unanswered records of a connection. */
  window?: number
  /** The number of the first record. */
  first?: number
  /** Whether `times` is wanted, which costs some CPU. */
  timed?: boolean
}

/** `settled`: answered, or written where nothing is answered. `at`: monotonic milliseconds, the same for all. */
export interface StreamCounts { sent: number, settled: number, at: number }

export type StreamLoadMethods = {
  start: (options: StreamLoadOptions) => void
  counts: () => StreamCounts
  /** From handing a record to a connection that is open to its answer, since the last call. */
  times: () => Times | undefined
  /** How many connections have had no answer since the last call of `mark`. */
  unanswered: () => number
  mark: () => void
  /** Sends nothing more. Resolves when all is settled and the connections are closed. */
  stop: () => Promise<StreamCounts>
}

/** As rsyslog's `windowSize`. */
const WINDOW = 128
/** A sender that was held up makes up for so many seconds. */
const MADE_UP_SECONDS = 2

let load: Load
let unanswered = new Set<number>()
let onSettled = (): void => {}
let connections: StreamConnection[] = []

function start ({ url, connections: count, form, rate, ca, window = WINDOW, first = 0, timed = false }: StreamLoadOptions): void {
  const protocol = streamProtocol(url)
  if (protocol === undefined) throw new Error(`${url} is of no protocol that carries single records`)
  const buckets = rate === undefined ? undefined : Array.from({ length: count }, (_, i) => paced(rate / count, i / count))
  const loadOptions = {
    generator: preparedRecords({ hosts: count, form, first }),
    addresses: count,
    recordsPerMessage: 1,
    bucketOf: buckets && ((i: number) => buckets[i])
  }
  load = timed ? new TimedLoad(loadOptions) : new Load(loadOptions)
  connections = Array.from({ length: count }, (_, address) => new StreamConnection({
    url,
    protocol,
    address,
    load,
    window,
    tls: { ca },
    timer: (ms, callback) => {
      const timer = setTimeout(callback, ms)
      return () => clearTimeout(timer)
    },
    onSettled: () => {
      unanswered.delete(address)
      onSettled()
    },
    onRetry: error => process.stderr.write(`no connection to ${url}: ${error.message}\n`)
  }))
  mark()
}

/** Holds a fraction of a record at first, so that the senders are not in step. */
function paced (rate: number, fraction: number): TokenBucket {
  const burst = Math.max(1, rate * MADE_UP_SECONDS)
  const bucket = new TokenBucket(rate, burst, () => performance.now())
  bucket.take(burst - 1 + fraction)
  return bucket
}

function counts (): StreamCounts {
  const { sent, accepted, written } = load.counts
  return { sent, settled: accepted + written, at: performance.timeOrigin + performance.now() }
}

function mark (): void {
  unanswered = new Set(connections.keys())
}

const methods: StreamLoadMethods = {
  start,
  counts,
  times: () => load instanceof TimedLoad ? load.times.take() : undefined,
  unanswered: () => unanswered.size,
  mark,
  stop: async () => {
    load.end()
    await new Promise<void>(resolve => {
      onSettled = () => { if (load.done) resolve() }
      onSettled()
    })
    const final = counts()
    await Promise.all(connections.map(async connection => await connection.close()))
    return final
  }
}
serve(methods)
