import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import snappy from 'snappy'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { cleanText, createLogger } from '../log.ts'
import { encoderSettings } from '../pipeline/encoder-settings.ts'
import type { Answer } from '../sink/classify.ts'
import { LokiClient } from '../sink/client.ts'
import { Budget } from '../source/budget/budget.ts'
import { AmqpClient } from '../source/amqp/client.ts'
import { FRAME_BYTES } from '../source/amqp/credit.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../worker/messages.ts'
import { VERSION } from '../version.ts'
import { Encoder } from '../worker/encoder.ts'
import { decodePush } from '../worker/output/push-schema.ts'
import { quarantineTenant } from '../worker/output/quarantine.ts'
import type { Context } from './context.ts'

/** The result of one check. `hint`: where an operator should look, if it is not ok. */
interface Finding { ok: boolean, detail: string, hint?: string }

/** How a record from an address is stored. */
interface StoredForm {
  address: string
  tenant: string
  labels: string
  timestamp: string
  line: string
  metadata: Record<string, string>
  quarantined?: string
  mended: string[]
}

const BUS_TIMEOUT_MS = 5_000
const STDIN_TIMEOUT_MS = 2_000
const BUS_HINT = 'is the bus up, and are LOKEAN_AMQP_URL, LOKEAN_AMQP_ADDRESSES and the credentials right?'
const TAKES_PUSHES = 'takes pushes'
const LOKI_HINT = 'is Loki up, and are LOKEAN_LOKI_URL, LOKEAN_LOKI_TENANT and the credentials right?'

/**
 * Tries the settings, the bus and each distributor, without storing anything. Shows how a sample record would be
 * stored. The exit code is 1 where a check fails.
 */
export async function check (context: Context, { json }: { json: boolean }): Promise<number> {
  const { config, warnings } = loadConfig(context.env)
  const [bus, loki, { record, others }] = await Promise.all([tryBus(config), tryLoki(config), sample(context, config)])
  const ok = bus.ok && loki.every(finding => finding.ok)
  if (json) context.stdout.write(`${JSON.stringify({ ok, warnings, bus: inJson(bus), loki: loki.map(inJson), record, others })}\n`)
  else context.stdout.write(describe(config, warnings, bus, loki, record, others))
  return ok ? 0 : 1
}

/** Others rely on the key `mend` in the JSON. */
function inJson<T extends Finding> ({ hint, ...finding }: T): Omit<T, 'hint'> & { mend?: string } {
  return { ...finding, mend: hint }
}

/** Attaches to every address, but gives no credit, so that the bus sends nothing. */
async function tryBus (config: Config): Promise<Finding> {
  if (config.amqp.addresses.length === 0) return { ok: true, detail: 'off' }
  const addresses = config.amqp.addresses.map(({ address }) => address)
  const budgets = addresses.map(address => new Budget(address, 2 * FRAME_BYTES))
  let settled = (): void => {}
  const done = new Promise<void>(resolve => { settled = resolve })
  const bus = new AmqpClient({
    endpoints: config.amqp.urls,
    credentials: config.amqp,
    budgets,
    log: createLogger({ level: 'silent' }),
    onDelivery: () => {},
    onAttached: () => { if (bus.status().ok) settled() }
  })
  bus.stop()
  bus.start()
  const timer = setTimeout(settled, BUS_TIMEOUT_MS)
  await done
  clearTimeout(timer)
  const status = bus.status()
  await bus.close()
  return status.ok ? { ok: true, detail: `attached to ${addresses.join(', ')}` } : unfit(status.detail, BUS_HINT)
}

/**
 * Sends an empty push as each tenant of the settings. A Loki that would take a real push rejects an empty one (422),
 * and stores nothing.
 */
async function tryLoki (config: Config): Promise<Array<Finding & { url: string }>> {
  const client = new LokiClient({ ...config.loki, timeoutMs: config.pushTimeoutMs }, VERSION)
  const settings = encoderSettings(config)
  const tenants = [...new Set(config.addresses.map(({ address }) => quarantineTenant(settings, address)))]
  const empty = snappy.compressSync(Buffer.alloc(0))
  const signal = new AbortController().signal
  const tryPush = async (endpoint: number): Promise<Finding> => {
    let finding: Finding = { ok: true, detail: TAKES_PUSHES }
    for (const tenant of tenants) {
      const found = judge(await client.push(endpoint, tenant, empty, signal))
      if (found.detail === TAKES_PUSHES) continue
      finding = tenants.length === 1
        ? found
        : { ...found, detail: `${tenant === '' ? 'without a tenant' : `as tenant ${tenant}`}: ${found.detail}` }
      if (!finding.ok) break
    }
    return finding
  }
  const findings = await Promise.all(client.urls.map(async (url, endpoint) => {
    const problem = await client.ready(endpoint, signal)
    return { url, ...(problem === undefined ? await tryPush(endpoint) : unfit(problem, LOKI_HINT)) }
  }))
  await client.close()
  return findings
}

function judge (answer: Answer): Finding {
  if (answer.kind !== 'retry') return { ok: true, detail: TAKES_PUSHES }
  return answer.reason === '429' ? { ok: true, detail: cleanText(answer.message) } : unfit(answer.message, answer.hint ?? LOKI_HINT)
}

/** The text of a peer may quote what Lokean sent, its credentials included, so secrets are removed. */
function unfit (detail: string, hint: string): Finding {
  return { ok: false, detail: cleanText(detail), hint }
}

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
async function sample ({ stdin }: Context, config: Config): Promise<{ record: StoredForm, others: StoredForm[] }> {
  const given = stdin.isTTY === true ? '' : await piped(stdin)
  const now = Date.now()
  const record = Buffer.from(given.trim() === '' ? SAMPLE.replace('TIME', new Date(now).toISOString()) : given)
  const head = Buffer.from([0x00, 0x53, 0x77, 0xb1, 0, 0, 0, 0])
  head.writeUInt32BE(record.length, 4)
  const bytes = new SharedArrayBuffer(head.length + record.length)
  Buffer.from(bytes).set(Buffer.concat([head, record]))
  const [first, ...rest] = config.addresses
  const others = rest.filter(({ labels, tenant }) => labels.length > 0 || tenant !== undefined)
  const encode = (address = ''): StoredForm => storedForm(config, address, bytes, now)
  return { record: encode(first?.address), others: others.map(({ address }) => encode(address)) }
}

function storedForm (config: Config, address: string, bytes: SharedArrayBuffer, now: number): StoredForm {
  const result = new Encoder(encoderSettings(config)).encode({
    address,
    format: 'amqp',
    bytes,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(bytes.byteLength),
    arrivalSeconds: Math.floor(now / 1000),
    arrivalNanos: (now % 1000) * 1e6
  })
  const [part] = result.parts
  const [stream] = part === undefined ? [] : decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer).streams
  const entry = stream?.entries[0]
  if (part === undefined || stream === undefined || entry === undefined) throw new Error('the encoder made no entry of the sample record')
  return {
    address,
    tenant: part.tenant,
    labels: stream.labels,
    timestamp: `${new Date(entry.timestamp.seconds * 1000).toISOString().slice(0, 19)}.${String(entry.timestamp.nanos).padStart(9, '0')}Z`,
    line: entry.line,
    metadata: Object.fromEntries(entry.structuredMetadata.map(({ name, value }) => [name, value])),
    quarantined: QUARANTINE_REASONS.find((_, i) => (result.quarantined[i] ?? 0) > 0),
    mended: MEND_REASONS.filter((_, i) => (result.mended[i] ?? 0) > 0)
  }
}

function describe (
  config: Config, warnings: string[], bus: Finding, loki: Array<Finding & { url: string }>, record: StoredForm, others: StoredForm[]
): string {
  const mark = (ok: boolean): string => ok ? 'ok    ' : 'MEND  '
  // A reason that names a setting needs no hint.
  const hintOf = ({ detail, hint }: Finding): string[] => hint === undefined || detail.includes('LOKEAN_') ? [] : [`             ${hint}`]
  const hosts = config.amqp.urls.map(({ host, port }) => `${host}:${port}`).join(', ')
  return [
    ...warnings.map(warning => `note   ${warning}`),
    `${mark(bus.ok)} bus   ${bus.ok ? `${hosts}: ` : ''}${bus.detail}`,
    ...hintOf(bus),
    ...loki.flatMap(finding => [`${mark(finding.ok)} loki  ${finding.url}: ${finding.detail}`, ...hintOf(finding)]),
    '',
    record.quarantined === undefined ? 'A record lands so:' : `A record like this goes to quarantine (${record.quarantined}):`,
    ...(record.tenant === '' ? [] : [`  tenant     ${record.tenant}`]),
    `  stream     ${record.labels}`,
    `  timestamp  ${record.timestamp}`,
    `  line       ${JSON.stringify(record.line)}`,
    ...Object.entries(record.metadata).map(([name, value]) => `  ${name.padEnd(10)} ${value}`),
    ...(record.mended.length === 0 ? [] : [`  mended     ${record.mended.join(', ')}`]),
    ...others.flatMap(({ address, tenant, labels }) => [
      '', `From ${address}:`, ...(tenant === '' ? [] : [`  tenant     ${tenant}`]), `  stream     ${labels}`
    ]),
    ''
  ].join('\n')
}
