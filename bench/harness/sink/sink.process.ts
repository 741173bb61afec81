import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '../child.ts'
import { packMaximal, type Packed } from './maximal-push.ts'
import { PushTally, type Tallied } from './push-tally.ts'

/** Counts stored pushes and their compressed bytes, and the pushes that wait for the end of a stall. */
export interface SinkCounts { pushes: number, bytes: number, waiting: number, cpuMicros: number }

/** Describes the pushes between two marks. */
export interface Section {
  pushes: number
  bytes: number
  records: number
  /** Summed over the pushes. A stream counts twice where two joined parts of one push name it. */
  streams: number
  /** A sample of the records, packed as well as possible. */
  maximal: Packed
}

export type SinkMethods = {
  /** Returns the URL. */
  listen: (delayMs: number) => Promise<string>
  /** Sets the delay of every answer from now on. */
  delay: (ms: number) => void
  /** Answers no push from now on. */
  stall: () => void
  /** Answers the waiting pushes and all later ones. */
  resume: () => void
  counts: () => SinkCounts
  /** Ends a section and starts the next. Returns its number; the first section is number 0. */
  mark: () => number
  /** Decodes and frees the pushes so far. Call it when nothing is measured. */
  digest: () => void
  /** Digests, and counts the fate of the records numbered 0 to `sent` - 1. */
  reconcile: (sent: number) => Tallied
  /** Digests, and describes a section. */
  section: (number: number) => Section
}

/** Compressed bytes of each section that are kept for packing: some 50,000 records. */
const SAMPLE_BYTES = 6 * 2 ** 20

interface Gathered { pushes: number, bytes: number, records: number, streams: number, sample: Buffer[], sampled: number }

const tally = new PushTally()
const sections: Gathered[] = [gathered()]
const waiting = new Set<() => void>()
let held: Array<{ section: Gathered, body: Buffer }> = []
let delayMs = 0
let stalled = false

function gathered (): Gathered {
  return { pushes: 0, bytes: 0, records: 0, streams: 0, sample: [], sampled: 0 }
}

/** Answers pushes as Loki does and keeps the compressed bodies. They are decoded when nothing is measured. */
async function listen (delay: number): Promise<string> {
  delayMs = delay
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0, headersTimeout: 0 }, handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function handle (request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  request.on('error', () => {}) // a push that breaks off is not stored, and its client sends it again
  request.on('end', () => {
    if (request.method !== 'POST') {
      response.writeHead(200).end('ready\n')
      return
    }
    const answer = (): void => store(response, chunks)
    if (stalled) {
      waiting.add(answer)
      response.once('close', () => waiting.delete(answer))
    } else if (delayMs > 0) setTimeout(answer, delayMs)
    else answer()
  })
}

/** A client that has gone cannot learn that its push is stored, so it is not stored. */
function store (response: ServerResponse, chunks: Buffer[]): void {
  if (response.destroyed) return
  const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
  const section = sections[sections.length - 1]
  section.pushes++
  section.bytes += body.length
  held.push({ section, body })
  response.writeHead(204).end()
}

function digest (): void {
  for (const { section, body } of held) {
    const { entries, streams } = tally.add(body)
    section.records += entries
    section.streams += streams
    if (section.sampled >= SAMPLE_BYTES) continue
    section.sample.push(body)
    section.sampled += body.length
  }
  held = []
}

const methods: SinkMethods = {
  listen,
  delay: ms => { delayMs = ms },
  stall: () => { stalled = true },
  resume: () => {
    stalled = false
    for (const answer of [...waiting]) answer()
    waiting.clear()
  },
  counts: () => {
    const { user, system } = process.cpuUsage()
    const sum = (key: 'pushes' | 'bytes'): number => sections.reduce((total, section) => total + section[key], 0)
    return { pushes: sum('pushes'), bytes: sum('bytes'), waiting: waiting.size, cpuMicros: user + system }
  },
  mark: () => sections.push(gathered()) - 1,
  digest,
  reconcile: sent => {
    digest()
    return tally.result(sent)
  },
  section: number => {
    digest()
    const { pushes, bytes, records, streams, sample } = sections[number]
    return { pushes, bytes, records, streams, maximal: packMaximal(sample) }
  }
}
serve(methods)
