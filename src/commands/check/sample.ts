import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import snappy from 'snappy'
import type { Config } from '../../config/config.ts'
import { withKeys } from '../../config/field-keys.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import { Encoder } from '../../worker/encoder.ts'
import { Explainer } from '../../worker/explain.ts'
import type { EncodeTask } from '../../worker/messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../worker/messages/reasons.ts'
import { decodePush } from '../../worker/output/push-schema.ts'
import type { Context } from '../context.ts'

/** How a record from an address is stored. */
export interface StoredForm {
  address: string
  tenant: string
  labels: string
  timestamp: string
  line: string
  metadata: Record<string, string>
  /** The format of its line, and where each derived field comes from. */
  format: string | undefined
  from: Record<string, string>
  quarantined?: string
  /** Nothing is stored of it: it holds nothing but NULs. */
  isEmpty?: true
  /** The rule that drops it: then nothing is stored of it either. */
  dropped?: string
  /** The rules that have taken something out of it; undefined where none has. */
  redacted?: string[]
  mended: string[]
}

const STDIN_TIMEOUT_MS = 2_000
const BRACE = 0x7b
const LESS = 0x3c

const SAMPLE = '{"@timestamp":"TIME", "host":"compute-0", "severity":"5", "facility":"local0", "tag":"nova-compute", ' +
  '"source":"nova-compute", "message":"2026-11-22 08:00:01.234 7 INFO nova.compute.manager [req-5d3f0c1e-3f6a-4ac5-8c5c-0c6c4a6f9b57 ' +
  'admin admin - default default] [instance: 8c5c0c6c-3f6a-4ac5-8c5c-0c6c4a6f9b57] VM Started (Lifecycle Event)", ' +
  '"file":"\\/var\\/log\\/containers\\/nova\\/nova-compute.log", "cloud": "cloud1", "region": "regionOne"}\n'

/** Reads stdin. Returns '' where stdin is open but nobody writes, as in a container. */
async function piped (stdin: Context['stdin']): Promise<string> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), STDIN_TIMEOUT_MS)
  stdin.once('readable', () => clearTimeout(timer))
  try {
    return await Promise.race([text(stdin), once(timeout.signal, 'abort').then(() => '')])
  } finally {
    clearTimeout(timer)
    ;(stdin as unknown as Readable).destroy()
  }
}

/**
 * Encodes one record: from stdin where something is piped in, else a built-in record with the present time. It counts
 * as coming from the first address, and also from each other address whose setting gives labels or a tenant.
 */
export async function sample ({ stdin }: Context, config: Config): Promise<{ record: StoredForm, others: StoredForm[] }> {
  const given = stdin.isTTY === true ? '' : await piped(stdin)
  const now = Date.now()
  const record = Buffer.from(given.trim() === '' ? builtIn(config, now) : given)
  const format = isSyslog(record, config) ? 'syslog' : 'amqp'
  const message = format === 'syslog' ? syslogMessage(record) : amqpMessage(record)
  const bytes = new SharedArrayBuffer(message.length)
  Buffer.from(bytes).set(message)
  const [first, ...rest] = config.addresses
  const others = rest.filter(({ labels, tenant }) => labels.length > 0 || tenant !== undefined)
  const { format: ofLine, from = {} } = new Explainer(encoderSettings(config)).explain(record, format === 'syslog' ? now : undefined) ?? {}
  const encode = (address = ''): StoredForm => ({ ...storedForm(config, { address, format, bytes }, now), format: ofLine, from })
  return { record: encode(first?.address), others: others.map(({ address }) => encode(address)) }
}

function builtIn ({ keys }: Config, now: number): string {
  const text = SAMPLE.replace('TIME', new Date(now).toISOString())
  return keys.length === 0 ? text : JSON.stringify(withKeys(JSON.parse(text) as Record<string, string>, keys))
}

/** A line with a priority, or any that is no JSON where nothing else could come. */
function isSyslog (record: Buffer, { amqp }: Config): boolean {
  return record[0] === LESS || (record[0] !== BRACE && amqp.addresses.length === 0)
}

/** Comes from nowhere: the delivery says no address. */
function syslogMessage (record: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUInt32BE(record.length, 1)
  return Buffer.concat([head, record])
}

function amqpMessage (record: Buffer): Buffer {
  const head = Buffer.from([0x00, 0x53, 0x77, 0xb1, 0, 0, 0, 0])
  head.writeUInt32BE(record.length, 4)
  return Buffer.concat([head, record])
}

type Sample = Pick<EncodeTask, 'address' | 'format' | 'bytes'>

function storedForm (config: Config, { address, format, bytes }: Sample, now: number): Omit<StoredForm, 'format' | 'from'> {
  const result = new Encoder(encoderSettings(config)).encode({
    address,
    format,
    bytes,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(bytes.byteLength),
    arrivalSeconds: Math.floor(now / 1000),
    arrivalNanos: (now % 1000) * 1e6
  })
  const isEmpty = result.empty > 0
  const dropped = config.drop.find((_, i) => (result.dropped[i] ?? 0) > 0)?.name
  const redacted = config.redact.filter((_, i) => (result.redacted[i] ?? 0) > 0).map(({ name }) => name)
  const [part] = result.parts
  const [stream] = part === undefined ? [] : decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer).streams
  const entry = stream?.entries[0]
  if (!isEmpty && dropped === undefined && entry === undefined) throw new Error('the encoder made no entry of the sample record')
  return {
    address,
    tenant: part?.tenant ?? '',
    labels: stream?.labels ?? '',
    timestamp: entry === undefined ? '' : written(entry.timestamp),
    line: entry?.line ?? '',
    metadata: Object.fromEntries(entry?.structuredMetadata.map(({ name, value }) => [name, value]) ?? []),
    ...(isEmpty ? { isEmpty } : {}),
    ...(dropped === undefined ? {} : { dropped }),
    ...(redacted.length === 0 ? {} : { redacted }),
    quarantined: QUARANTINE_REASONS.find((_, i) => (result.quarantined[i] ?? 0) > 0),
    mended: MEND_REASONS.filter((_, i) => (result.mended[i] ?? 0) > 0)
  }
}

function written ({ seconds, nanos }: { seconds: number, nanos: number }): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
}
