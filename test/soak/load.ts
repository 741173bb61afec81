import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import type { LoadCounts } from '../../src/generator/load.ts'
import { oneByOne } from '../../src/generator/record-form.ts'
import { startSenders } from '../../src/generator/sender.ts'

export interface SoakLoad {
  busUrl: string
  relpUrl: string
  seed: number
  /** Records a second, both ways together. */
  rate: number
  signal: AbortSignal
  onProgress: (counts: Readonly<LoadCounts>) => void
}

/** Few, because each new stream costs a program a push of its own, and programs come and go all the time. */
const HOSTS = 20
const RECORDS_PER_MESSAGE = 100
const CONNECTIONS = 8
const WINDOW = 16
/** This part of the records goes by RELP, each host's over a connection of its own. */
const RELP_SHARE = 0.2
/** Everything must be stored within this time after the last fault; otherwise something hangs. */
const SETTLE_MS = 120_000

export const NO_COUNTS: Readonly<LoadCounts> = {
  sent: 0, accepted: 0, rejected: 0, written: 0, released: 0, modified: 0, resent: 0, unsettled: 0
}

/** What was sent to the bus, and what by RELP. */
export interface BothWays { bus: Readonly<LoadCounts>, relp: Readonly<LoadCounts> }

/** Sends records to the bus, and by RELP to the programs, until the signal. Each way numbers its own. */
export async function sendBothWays ({ busUrl, relpUrl, seed, rate, signal, onProgress }: SoakLoad): Promise<BothWays> {
  const generate = (recordsPerMessage: number): Generator => createGenerator({ hosts: HOSTS, recordsPerMessage, seed })
  const counts = [NO_COUNTS, NO_COUNTS]
  const ways = [
    { url: busUrl, generator: generate(RECORDS_PER_MESSAGE), rate: rate * (1 - RELP_SHARE), connections: CONNECTIONS, window: WINDOW },
    { url: relpUrl, generator: oneByOne(generate(1), 'json'), rate: rate * RELP_SHARE, connections: HOSTS }
  ]
  await Promise.all(ways.map(async (way, i) => {
    counts[i] = await startSenders({
      ...way,
      addresses: ['rsyslog/logs'],
      signal,
      drainTimeout: SETTLE_MS,
      onProgress: now => {
        counts[i] = now
        onProgress(sumOf(counts))
      }
    })
  }))
  const [bus, relp] = counts
  return { bus, relp }
}

export function sumOf (all: ReadonlyArray<Readonly<LoadCounts>>): Readonly<LoadCounts> {
  const names = Object.keys(NO_COUNTS) as Array<keyof LoadCounts>
  return Object.fromEntries(names.map(name => [name, all.reduce((total, one) => total + one[name], 0)])) as unknown as LoadCounts
}
