import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import snappy from 'snappy'
import type { DeliveryFormat, EncodeResult, EncodeTask, Part } from '../../src/worker/messages/tasks.ts'
import type { MendReason, QuarantineReason } from '../../src/worker/messages/reasons.ts'
import type { EncoderSettings, Mapping } from '../../src/worker/messages/settings.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../src/worker/messages/reasons.ts'
import type { Fields } from '../../src/worker/input/fields.ts'
import type { Kernel } from '../../src/worker/kernel/kernel.ts'
import { readPush } from './push-reader.ts'

/** The tests' batches arrive shortly after the captured messages were sent. */
export const ARRIVAL = { seconds: Date.UTC(2026, 10, 22, 8, 15) / 1000, nanos: 123_456_789 }

/** Reads a short form such as `cloud,service_name=source` as mappings. */
export function mappings (text: string): Mapping[] {
  if (text === '') return []
  return text.split(',').map(entry => {
    const [name, field = name] = entry.split('=')
    return { name, field }
  })
}

/** The default settings. */
export function encoderSettings (overrides: Partial<EncoderSettings> = {}): EncoderSettings {
  return {
    keys: [],
    labels: mappings('cloud,region,host,source,service_name=source'),
    lokiLabels: [],
    metadata: mappings('level,file,pid,request_id,instance_id'),
    hostForm: { short: false, lower: false },
    unescapeNewlines: false,
    drop: [],
    redact: [],
    tenant: { kind: 'none' },
    quarantineTenant: 'lokean',
    origins: [],
    shards: 4,
    pushBytes: 1024 * 1024,
    maxLineBytes: 256 * 1024,
    maxAgeMs: 7 * 24 * 3600 * 1000,
    maxAheadMs: 10 * 60 * 1000,
    maxDisorderMs: 60 * 60 * 1000,
    backlogLabel: 'backlog',
    ...overrides
  }
}

/**
 * Makes a record as rsyslog's template does. `overrides` replaces keys or adds them at the end; `undefined` leaves a
 * key out.
 */
export function recordText (overrides: Record<string, unknown> = {}): string {
  return JSON.stringify({
    '@timestamp': '2026-11-22T08:13:28.486506+00:00',
    host: 'host1',
    severity: '5',
    facility: 'user',
    tag: 'tag1:',
    source: 'tag1',
    message: 'a line',
    file: '',
    cloud: 'cloud1',
    region: 'regionOne',
    ...overrides
  }) + '\n'
}

/**
 * Makes a message as omamqp1 does: empty header and properties, then a list32 of strings, each in the narrow encoding
 * where it fits.
 */
export function rsyslogMessage (records: ReadonlyArray<string | Uint8Array>): Buffer {
  const strings = records.map(record => {
    const bytes = Buffer.from(record as string)
    const head = Buffer.from(bytes.length < 256 ? [0xa1, bytes.length] : [0xb1, 0, 0, 0, 0])
    if (bytes.length >= 256) head.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  })
  const list = Buffer.alloc(9, 0xd0)
  list.writeUInt32BE(4 + strings.reduce((sum, { length }) => sum + length, 0), 1)
  list.writeUInt32BE(strings.length, 5)
  return Buffer.concat([Buffer.from('005370450053734500' + '5377', 'hex'), list, ...strings])
}

/** Makes a batch of these messages. */
export function encodeTask (
  messages: readonly Uint8Array[], arrival = ARRIVAL, address = 'rsyslog/logs', format: DeliveryFormat = 'amqp'
): EncodeTask {
  const bytes = new SharedArrayBuffer(messages.reduce((sum, { length }) => sum + length, 0))
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  for (const message of messages) {
    starts.push(at)
    new Uint8Array(bytes).set(message, at)
    ends.push(at += message.length)
  }
  return {
    address,
    format,
    bytes,
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
    arrivalSeconds: arrival.seconds,
    arrivalNanos: arrival.nanos
  }
}

/**
 * Puts text into the kernel's memory between other text, as in a batch. Returns its address and the address behind it.
 */
export function lay (
  kernel: Kernel, text: string | Uint8Array, before: string | Uint8Array = '', after: string | Uint8Array = ''
): [start: number, end: number] {
  const [ahead, middle, behind] = [before, text, after].map(part => Buffer.from(part as string))
  const messages = Buffer.concat([ahead, middle, behind])
  kernel.window(messages.length)
  const start = kernel.input(messages) + ahead.length
  return [start, start + middle.length]
}

/** Returns the kernel's fields by name. */
export function fieldTexts (kernel: Kernel, fields: Fields): Record<string, string> {
  return Object.fromEntries(fields.names.flatMap((name, slot) =>
    fields.isAbsent(slot) ? [] : [[name, kernel.bytes.toString('utf8', fields.start(slot), fields.end(slot))]]))
}

/** One entry as Loki would see it, and the part that held it. */
export interface DecodedEntry {
  part: number
  tenant: string
  shard: number
  labels: string
  /** Nanoseconds since the epoch. */
  time: bigint
  line: string
  metadata: Record<string, string>
}

/** Reads the entries of the parts in their order, without the code under test. */
export function decodeParts (parts: readonly Part[]): DecodedEntry[] {
  return parts.flatMap(({ tenant, shard, body }, part) =>
    readPush(snappy.uncompressSync(Buffer.from(body)) as Buffer).streams.flatMap(({ labels, entries }) =>
      entries.map(({ timestamp, line, structuredMetadata }) => ({
        part,
        tenant,
        shard,
        labels,
        time: BigInt(timestamp.seconds) * 1_000_000_000n + BigInt(timestamp.nanos),
        line,
        metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value]))
      }))))
}

export function nanoseconds ({ seconds, nanos }: { seconds: number, nanos: number }): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
}

/** Returns the counters of a result that are not 0, by name. */
export function counters (
  { quarantined, mended }: Pick<EncodeResult, 'quarantined' | 'mended'>
): Partial<Record<QuarantineReason | MendReason, number>> {
  const named = [
    ...QUARANTINE_REASONS.map((name, i) => [name, quarantined[i]] as const), ...MEND_REASONS.map((name, i) => [name, mended[i]] as const)
  ]
  return Object.fromEntries(named.filter(([, count]) => count > 0))
}

export interface Capture {
  file: string
  case: string
  bytes: Buffer
  count: number
  sha256: string
  /** All records, or the first few of a large message. */
  records: Buffer[]
}

interface IndexEntry {
  file: string, case: string, count: number, sha256OfConcatenatedRecords: string, records: Array<string | { hex: string }>
}

/** Reads the messages captured from rsyslog, with their content according to rsyslog's own log. */
export function captures (): Capture[] {
  const folder = join('test', 'fixtures', 'omamqp1')
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as IndexEntry[]
  return index.map(({ file, case: name, count, sha256OfConcatenatedRecords, records }) => ({
    file,
    case: name,
    bytes: readFileSync(join(folder, file)),
    count,
    sha256: sha256OfConcatenatedRecords,
    records: records.map(record => typeof record === 'string' ? Buffer.from(record) : Buffer.from(record.hex, 'hex'))
  }))
}

export function sha256 (chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}
