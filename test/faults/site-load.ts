import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import type { LoadCounts } from '../../src/generator/load.ts'
import { oneByOne } from '../../src/generator/record-form.ts'
import { startSenders } from '../../src/generator/sender.ts'

/** What the machines of a site send. */
export interface SiteLoad {
  /** By RELP the senders need no bus; a message is one record then. */
  via?: 'relp'
  /** By RELP over TLS, with these. A connection takes them as they are when it is made. */
  tls?: TlsOptions
  /** The least number of different records to send. */
  records?: number
  recordsPerMessage?: number
  /** The number of machines that log. */
  hosts?: number
  clouds?: number
  addresses?: readonly string[]
  /** Records a second. Undefined stands for full speed. */
  rate?: number
  /** Messages that each connection of the senders may have unsettled. By RELP the default is omrelp's. */
  window?: number
  /** The same machines send half of the records beside the others, as if they had lain there for so long. */
  backlogMs?: number
  /**
   * The same machines send QUEUED_SHARE of the records beside the others, from disk queues that reach back so far:
   * oldest first, at full speed.
   */
  queueMs?: number
}

export const ADDRESS = 'rsyslog/logs'
export const RECORDS = 200_000
export const RECORDS_PER_MESSAGE = 100
/** See SiteLoad.queueMs. */
export const QUEUED_SHARE = 2 / 3
export const CONNECTIONS = 8
const WINDOW = 16
/** omrelp's default. */
const RELP_WINDOW = 128

/** Records that are sent beside others: how many, from which number on, and how old the next one is after so many. */
interface Sending { records: number, firstSequence: number, rate: number | undefined, age: (sent: number) => number }

/**
 * Starts the senders, which send as soon as somebody takes what they have. `onProgress` gets the counts of the new
 * records, and where there are late ones, theirs too.
 */
export async function sendLoad (
  url: string, load: SiteLoad, seed: number, signal: AbortSignal, onProgress: (counts: ReadonlyArray<Readonly<LoadCounts>>) => void
): Promise<void> {
  const { via, hosts = 100, clouds = 1, recordsPerMessage = RECORDS_PER_MESSAGE, addresses = [ADDRESS] } = load
  const { window = via === 'relp' ? RELP_WINDOW : WINDOW } = load
  const sendings = sendingsOf(load)
  const counts = sendings.map((): Readonly<LoadCounts> => NO_COUNTS)
  await Promise.all(sendings.map(async ({ age, firstSequence, records, rate }, i) => {
    const generator: Generator = createGenerator({
      hosts, clouds, recordsPerMessage, seed, now: () => Date.now() - age(generator.sent), firstSequence
    })
    await startSenders({
      url,
      tls: load.tls,
      addresses,
      generator: via === 'relp' ? oneByOne(generator, 'json') : generator,
      records,
      rate,
      connections: CONNECTIONS,
      window,
      signal,
      drainTimeout: 0,
      onProgress: progress => {
        counts[i] = progress
        onProgress(counts)
      }
    })
  }))
}

export const NO_COUNTS: Readonly<LoadCounts> = {
  sent: 0, accepted: 0, rejected: 0, written: 0, released: 0, modified: 0, resent: 0, unsettled: 0
}

function sendingsOf ({ records = RECORDS, rate, backlogMs, queueMs }: SiteLoad): Sending[] {
  const late = backlogMs !== undefined ? records / 2 : queueMs !== undefined ? records * QUEUED_SHARE : 0
  const present = { records: records - late, firstSequence: 0, rate, age: () => 0 }
  const behind = { records: late, firstSequence: records - late }
  if (backlogMs !== undefined) return [present, { ...behind, rate, age: () => backlogMs }]
  if (queueMs !== undefined) return [present, { ...behind, rate: undefined, age: sent => queueMs * (1 - sent / late) }]
  return [present]
}
