import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FIXTURES = join('test', 'fixtures')

/** A captured message of rsyslog's, and its records. */
export interface Captured {
  file: string
  case: string
  count: number
  sha256OfConcatenatedRecords: string
  /** The first records, or all. */
  records: Buffer[]
  message: Buffer
}

export function captured (): Captured[] {
  const index = JSON.parse(readFileSync(
    join(FIXTURES, 'omamqp1', 'index.json'), 'utf8'
  )) as Array<Omit<Captured, 'message' | 'records'> & { records: Array<string | { hex: string }> }>
  return index.map(entry => ({
    ...entry,
    records: entry.records.map(record => typeof record === 'string' ? Buffer.from(record) : Buffer.from(record.hex, 'hex')),
    message: readFileSync(join(FIXTURES, 'omamqp1', entry.file))
  }))
}

/** Makes a message as omamqp1 does: header and properties without fields, then a list of strings. */
export function message (records: ReadonlyArray<string | Uint8Array>): Buffer {
  const strings = records.map(record => string(Buffer.from(record as string)))
  const body = Buffer.concat(strings)
  const list = Buffer.alloc(9)
  list[0] = 0xd0
  list.writeUInt32BE(body.length + 4, 1)
  list.writeUInt32BE(records.length, 5)
  return Buffer.concat([Buffer.from('005370450053734500537' + '7', 'hex'), list, body])
}

/** Makes a message with this AMQP value as its body. */
export function bodyOf (value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('005377', 'hex'), value])
}

export function string (bytes: Uint8Array): Buffer {
  if (bytes.length < 256) return Buffer.concat([Buffer.from([0xa1, bytes.length]), bytes])
  const head = Buffer.alloc(5)
  head[0] = 0xb1
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** Makes a record in rsyslog's template. Its time is the present unless given. */
export function record (fields: Record<string, unknown> = {}): string {
  return `${JSON.stringify({
    '@timestamp': now(),
    host: 'compute-0.example.org',
    severity: '6',
    facility: 'daemon',
    tag: 'test',
    source: 'test',
    message: 'hello',
    file: '',
    cloud: 'cloud1',
    region: 'regionOne',
    ...fields
  }).replaceAll('/', '\\/')}\n`
}

let micros = Date.now() * 1000

/** Returns RFC 3339 with microseconds, never the same twice. */
export function now (): string {
  micros = Math.max(micros + 1, Date.now() * 1000)
  const fraction = String(micros % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${fraction}+00:00`
}
