import type { Chunk } from '../store/entry-table.ts'
import { PushColumns } from './push-columns.ts'
import { decodePush } from './push-decode.ts'
import { goTime, messageSize } from './loki-text.ts'
import { labelText, withServiceName, type Label } from '../store/label-set.ts'
import { parseLabels } from './label-parser.ts'
import { defaultLimits, EntryWindow, labelProblem, rfc3339, TokenBucket, type Limits } from './limits.ts'
import { GroupedRefusal, noRejects, Refusal } from './refusal.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'

/** The meaning of a push's label text, computed once. The stream itself begins with the first entry stored in it. */
interface KnownLabels {
  labels: readonly Label[]
  text: string
  problem: Refusal | undefined
  stream: StoredStream | undefined
}

interface Tenant {
  name: string
  bucket: TokenBucket
  /**
   * The key is the text as sent, with its bytes read as latin1: that costs no decoding, and is as unique as the bytes.
   */
  known: Map<string, KnownLabels>
}

const mostKnownLabels = 100_000
const mostShownErrors = 10

/**
 * Takes pushes as Loki's distributor and ingester do, in their order: decode and parse labels (any fault refuses the
 * whole push), validate (a fault refuses a single entry), rate (refuses the whole push), then store, stream by stream.
 */
export class Intake {
  readonly rejected = noRejects()
  readonly #store: Store
  readonly #limits: Limits
  readonly #now: () => number
  readonly #tenants = new Map<string, Tenant>()
  readonly #columns = new PushColumns()
  #accepted = new Uint8Array(256)

  constructor (store: Store, limits: Partial<Limits> = {}, now: () => number = Date.now) {
    this.#store = store
    this.#limits = { ...defaultLimits, ...limits }
    this.#now = now
  }

  get limits (): Limits {
    return this.#limits
  }

  /**
   * Stores a decoded push of `bytes`, which `fill` writes into the chunk that it is given. Throws a Refusal to answer
   * with.
   */
  push (tenantName: string, bytes: number, fill: (chunk: Chunk, at: number) => void): void {
    const { chunk, number } = this.#store.table.reserve(bytes)
    const storedBefore = this.#store.entries
    try {
      fill(chunk, chunk.used)
      decodePush(chunk.buf, chunk.used, chunk.used + bytes, this.#columns)
      this.#take(this.#tenant(tenantName), chunk, number)
    } finally {
      this.#store.table.settle(chunk, number, bytes, this.#store.entries > storedBefore)
      this.#store.trim()
    }
  }

  #take (tenant: Tenant, chunk: Chunk, chunkNumber: number): void {
    const columns = this.#columns
    const nowMs = this.#now()
    if (columns.streams === 0) throw new Refusal(422, 'error at least one valid stream is required for ingestion')
    const streams: KnownLabels[] = []
    for (let i = 0; i < columns.streams; i++) streams.push(this.#labels(tenant, chunk.buf, columns.labelsStart[i]!, columns.labelsEnd[i]!))

    const invalid = new GroupedRefusal()
    const { lines, bytes } = this.#validate(streams, nowMs, invalid)
    if (lines === 0) return invalid.throwIfAny()
    if (!tenant.bucket.take(bytes, nowMs)) {
      this.rejected.rate_limited += lines
      throw new Refusal(429, `Ingestion rate limit exceeded for user ${tenant.name} (limit: ${this.#limits.rateBytes} bytes/sec) ` +
        `while attempting to ingest '${lines}' lines totaling '${bytes}' bytes, reduce log volume ` +
        'or contact your Loki administrator to see if the limit can be increased')
    }
    const size = messageSize(columns, streams, this.#accepted, chunk.buf, this.#limits.messageBytes)
    if (size > this.#limits.messageBytes) {
      this.rejected.message_too_large += lines
      throw new Refusal(500, 'rpc error: code = ResourceExhausted desc = grpc: ' +
        `received message larger than max (${size} vs. ${this.#limits.messageBytes})`)
    }

    // Loki's ingester keeps only the outcome of the last stream. So a stream that is stored hides the refusal of an
    // earlier stream. Therefore a client must not read 204 as "all stored" where limits may apply.
    let outcome: Refusal | undefined
    for (let i = 0; i < columns.streams; i++) {
      if (this.#anyAccepted(i)) outcome = this.#storeStream(tenant, streams[i]!, i, chunk, chunkNumber)
    }
    if (outcome !== undefined) throw outcome
    invalid.throwIfAny()
  }

  /** Marks in `#accepted` the entries that keep to the limits, and counts them. */
  #validate (streams: KnownLabels[], nowMs: number, invalid: GroupedRefusal): { lines: number, bytes: number } {
    const columns = this.#columns
    if (this.#accepted.length < columns.entries) this.#accepted = new Uint8Array(columns.entries * 2)
    const window = new EntryWindow(this.#limits, nowMs)
    let lines = 0
    let bytes = 0
    for (let i = 0; i < columns.streams; i++) {
      const { problem, text } = streams[i]!
      const from = columns.firstEntry[i]!
      const to = columns.firstEntry[i + 1]!
      if (problem !== undefined && to > from) {
        invalid.add(problem)
        this.rejected[problem.reason!] += to - from
      }
      for (let entry = from; entry < to; entry++) {
        this.#accepted[entry] = 0
        if (problem !== undefined) continue
        const lineBytes = columns.lineEnd[entry]! - columns.lineStart[entry]!
        const metadataBytes = columns.metadataBytes[entry]!
        const pairs = columns.metadataPairs[entry]!
        const fault = window.problem(columns.seconds[entry]!, columns.nanos[entry]!, lineBytes, pairs, metadataBytes, text)
        if (fault !== undefined) {
          invalid.add(fault)
          this.rejected[fault.reason!]++
          continue
        }
        this.#accepted[entry] = 1
        lines++
        bytes += lineBytes + metadataBytes
      }
    }
    return { lines, bytes }
  }

  #anyAccepted (i: number): boolean {
    const { firstEntry } = this.#columns
    for (let entry = firstEntry[i]!; entry < firstEntry[i + 1]!; entry++) if (this.#accepted[entry] === 1) return true
    return false
  }

  /** Stores the accepted entries of stream `i`. Returns the refusal of those that cannot be stored, if any. */
  #storeStream (tenant: Tenant, known: KnownLabels, i: number, chunk: Chunk, chunkNumber: number): Refusal | undefined {
    const columns = this.#columns
    const from = columns.firstEntry[i]!
    const to = columns.firstEntry[i + 1]!
    let accepted = 0
    for (let entry = from; entry < to; entry++) accepted += this.#accepted[entry]!
    known.stream ??= this.#store.stream(tenant.name, known.text)
    if (known.stream === undefined) {
      if (this.#store.streamsOf(tenant.name) >= this.#limits.streams) {
        this.rejected.stream_limit += accepted
        return new Refusal(429, `Maximum active stream limit exceeded when trying to create stream ${known.text}, ` +
          'reduce the number of active streams (reduce labels or reduce label values), ' +
          `or contact your Loki administrator to see if the limit can be increased, user: '${tenant.name}'`)
      }
      known.stream = this.#store.createStream(tenant.name, known.labels)
    }
    const stream = known.stream
    const late: string[] = []
    const disorder = this.#limits.disorderMs / 1000
    for (let entry = from; entry < to; entry++) {
      if (this.#accepted[entry] === 0) continue
      const seconds = columns.seconds[entry]!
      const nanos = columns.nanos[entry]!
      const oldest = stream.newestSeconds - disorder
      if (seconds < oldest || (seconds === oldest && nanos < stream.newestNanos)) {
        this.rejected.too_far_behind++
        late.push(`entry with timestamp ${goTime(seconds, nanos)} ignored, reason: 'entry too far behind, entry timestamp is: ` +
          `${rfc3339(seconds)}, oldest acceptable timestamp is: ${rfc3339(Math.floor(oldest))}',\n`)
        continue
      }
      const { entryStart, entryEnd, lineStart, lineEnd } = columns
      this.#store.add(
        stream, seconds, nanos, chunk, chunkNumber, entryStart[entry]!, entryEnd[entry]!, lineStart[entry]!, lineEnd[entry]!
      )
    }
    if (late.length === 0) return undefined
    return new Refusal(400, late.slice(0, mostShownErrors).join('') +
      `user '${tenant.name}', total ignored: ${late.length} out of ${accepted} for stream: ${known.text}`)
  }

  #labels (tenant: Tenant, buf: Buffer, start: number, end: number): KnownLabels {
    const key = buf.toString('latin1', start, end)
    let known = tenant.known.get(key)
    if (known === undefined) {
      const labels = withServiceName(parseLabels(buf.toString('utf8', start, end)))
      known = { labels, text: labelText(labels), problem: labelProblem(labels, this.#limits), stream: undefined }
      if (tenant.known.size >= mostKnownLabels) tenant.known.clear()
      tenant.known.set(key, known)
    }
    return known
  }

  #tenant (name: string): Tenant {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      tenant = { name, bucket: new TokenBucket(this.#limits, this.#now()), known: new Map() }
      this.#tenants.set(name, tenant)
    }
    return tenant
  }
}
