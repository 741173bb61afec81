import type { Config } from '../../config/config.ts'
import { withKeys } from '../../config/field-keys.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import type { DeliveryFormat } from '../../worker/messages/tasks.ts'
import type { EncoderSettings, Route } from '../../worker/messages/settings.ts'
import { partsOfTenant } from '../../worker/messages/tenant-at.ts'
import { labelsGiven } from '../../worker/output/quarantine.ts'
import { type FoundEntry, quarantineReason, told } from './found-entry.ts'

/** Why an entry cannot become a message again. */
export type Unfit = 'incomplete' | 'damaged' | 'untold' | 'unknown_address'

/** A message as its address delivers them. */
export interface Rebuilt { address: string, message: Uint8Array }

export interface ReplayAddress { address: string, format: DeliveryFormat, tenant: string | undefined }

/** What metadata tells besides fields of the record. */
const NO_FIELDS = new Set(['address', 'original_timestamp', 'piece'])
const OWN_LABELS = new Set(['source', 'quarantine'])

/**
 * Makes of an entry the message that it came from, as far as it is known, so that the pipeline treats it as any other,
 * with the present settings: what was wrong in them is mended for what they put aside.
 *
 * Most lines in quarantine are the record as it came. Of a refused entry and a dead letter, only the entry is known: a
 * record with the same line, time and values is made of it, which the pipeline turns into that entry again.
 */
export class Rebuilder {
  readonly #settings: EncoderSettings
  readonly #addresses: readonly ReplayAddress[]

  constructor (config: Config, addresses: readonly ReplayAddress[]) {
    this.#settings = encoderSettings(config)
    this.#addresses = addresses
  }

  rebuild (entry: FoundEntry): Rebuilt | Unfit {
    const address = this.#addressOf(entry)
    if (address === undefined) return 'unknown_address'
    const message = this.#message(entry, address)
    return typeof message === 'string' ? message : { address: address.address, message }
  }

  #message (entry: FoundEntry, { format }: ReplayAddress): Uint8Array | Unfit {
    const reason = quarantineReason(entry)
    if (reason !== undefined && entry.metadata.piece !== undefined) return 'incomplete'
    if (reason === undefined || reason === 'refused') {
      if (this.#isWhole(entry)) return delivery(format, Buffer.from(entry.line))
      const record = this.#record(entry, reason)
      return record === undefined ? 'untold' : delivery(format, Buffer.from(JSON.stringify(withKeys(record, this.#settings.keys))))
    }
    if (reason !== 'bad_body' && reason !== 'worker_failed') return delivery(format, Buffer.from(entry.line))
    const bytes = decoded(entry.line)
    if (bytes === undefined) return 'damaged'
    return reason === 'bad_body' ? body(format, bytes) : bytes
  }

  /** Whether the line is the whole record (LOKEAN_LINE=json). */
  #isWhole ({ line, metadata }: FoundEntry): boolean {
    if (this.#settings.line !== 'json' || metadata.piece !== undefined) return false
    try {
      const record = JSON.parse(line) as unknown
      const keys = withKeys({ '@timestamp': '', message: '' }, this.#settings.keys)
      return typeof record === 'object' && record !== null && Object.keys(keys).every(key => Object.hasOwn(record, key))
    } catch {
      return false
    }
  }

  /** Undefined where metadata does not tell when the record was written. */
  #record (entry: FoundEntry, reason: 'refused' | undefined): Record<string, string> | undefined {
    const time = reason === undefined ? timeText(entry.timestamp) : told(entry, 'original_timestamp')
    if (time === undefined) return undefined
    const { labels, metadata, tenant } = this.#settings
    const values = reason === undefined ? { ...entry.labels, ...entry.metadata } : entry.metadata
    const value = (name: string): string | undefined => reason === undefined ? values[name] : told(entry, name)
    const record: Record<string, string> = {}
    if (tenant.kind === 'field') record[tenant.field] = partsOfTenant(entry.tenant).name
    for (const [name, value] of Object.entries(values)) if (!NO_FIELDS.has(name)) record[name.replace(/_extracted$/, '')] = value
    // The mapping comes last: a label may have the name of another field.
    for (const { name, field } of [...metadata, ...labels]) {
      const known = NO_FIELDS.has(name) ? undefined : value(name)
      if (known !== undefined) record[field] = known
    }
    for (const [field, value] of this.#routed(entry.tenant, record)) record[field] = value
    return { ...record, '@timestamp': time, message: untrimmed(entry, record.file) }
  }

  /** What a record of the tenant must have said for its route, where nothing tells it. */
  #routed (tenant: string, record: Readonly<Record<string, string>>): Array<[field: string, value: string]> {
    const { labels, routes } = this.#settings
    const route = routes.find(route => leadsTo(route, tenant))
    return (route?.when ?? []).flatMap(({ name, values: [value] }) => {
      const field = labels.find(label => label.name === name)?.field ?? name
      return value === undefined || record[field] !== undefined ? [] : [[field, value]]
    })
  }

  /** The address that metadata names, else the one that gives the most of the stream's labels, and nothing else. */
  #addressOf (entry: FoundEntry): ReplayAddress | undefined {
    const name = told(entry, 'address')
    if (name !== undefined && quarantineReason(entry) !== undefined) return this.#addresses.find(({ address }) => address === name)
    const tenant = partsOfTenant(entry.tenant).name
    const isRouted = this.#settings.routes.some(route => leadsTo(route, entry.tenant))
    const given = (address: string) => labelsGiven(this.#settings, address).filter(({ name }) => !OWN_LABELS.has(name))
    return this.#addresses
      .filter(one => one.tenant === undefined || one.tenant === tenant || isRouted)
      .map(one => ({ one, labels: given(one.address) }))
      .filter(({ labels }) => labels.every(({ name, value }) => entry.labels[name] === value))
      .sort((a, b) => b.labels.length - a.labels.length)[0]?.one
  }
}

/** Whether the route may have led a record to this tenant. */
function leadsTo ({ tenant, path }: Route, to: string): boolean {
  const parts = partsOfTenant(to)
  return (tenant === undefined || tenant === parts.name) && (path === undefined || path === parts.path)
}

/** The message of a record. The encoder takes off a newline at its end, and a blank in front where there is no file. */
function untrimmed ({ line, metadata: { piece } }: FoundEntry, file = ''): string {
  // The other pieces of the line are in Loki. Where this one belongs must not get lost.
  const text = piece === undefined ? line : `[${piece}] ${line}`
  return `${text.startsWith(' ') && file === '' ? ' ' : ''}${text}${text.endsWith('\n') ? '\n' : ''}`
}

/** RFC 3339, to the nanosecond. */
function timeText (nanos: string): string {
  const seconds = nanos.slice(0, -9)
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${nanos.slice(-9).padStart(9, '0')}Z`
}

/** A record as a delivery of the format. */
function delivery (format: DeliveryFormat, record: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(record.length)
  switch (format) {
    case 'amqp': return Buffer.concat([DATA_SECTION, length, record])
    case 'records': return Buffer.concat([length, record])
    case 'syslog': return Buffer.concat([UNKNOWN_PEER, length, NOTHING_LATER, record])
  }
}

/** The body of a message, or a part of one: one of AMQP values that are no section needs a section around it. */
function body (format: DeliveryFormat, bytes: Uint8Array): Uint8Array {
  return format === 'amqp' && bytes[0] !== 0 ? Buffer.concat([VALUE_SECTION, bytes]) : bytes
}

const UNKNOWN_PEER = Buffer.alloc(1)
const NOTHING_LATER = Buffer.alloc(4)

/** The descriptors of the sections amqp:data and amqp:amqp-value; behind that of data, the constructor of a binary. */
const DATA_SECTION = Buffer.from([0x00, 0x53, 0x75, 0xb0])
const VALUE_SECTION = Buffer.from([0x00, 0x53, 0x77])

/** The bytes of a line such as `3 bytes, base64: AQID`; undefined where it has not that many. */
function decoded (line: string): Uint8Array | undefined {
  const match = /^(\d+) bytes, base64: ([A-Za-z0-9+/]*={0,2})$/.exec(line)
  const bytes = Buffer.from(match?.[2] ?? '', 'base64')
  return match !== null && bytes.length === Number(match[1]) ? bytes : undefined
}
