import { isUtf8 } from 'node:buffer'
import type { EncoderSettings, Origin } from '../../src/worker/messages.ts'
import { levelOfWord } from '../../src/worker/formats/levels.ts'
import { modelOf } from './format-model.ts'
import { ARRIVAL, encoderSettings, mappings, nanoseconds } from './worker-fixtures.ts'

/**
 * A second, plain encoder for a single record, made of JSON.parse, regular expressions and Date. It counts bytes only
 * for lengths.
 */

const METADATA = 'level,file,pid,request_id,global_request_id,instance_id,copy=message'
/** An address that gives its records a cloud and one label that no record has. */
export const MODEL_ORIGIN: Origin = {
  address: 'clouds/a', labels: [{ name: 'cloud', value: 'a "cloud"' }, { name: 'zone', value: 'z1' }], tenant: 'tenant-a'
}
export const MODEL_SETTINGS: EncoderSettings = encoderSettings({
  metadata: mappings(METADATA),
  maxDisorderMs: Infinity,
  origins: [MODEL_ORIGIN]
})
const settings = MODEL_SETTINGS

export interface Stored {
  tenant: string,
  selector: Record<string, string>,
  line: string,
  time: bigint,
  metadata: Record<string, string>,
  counts: Record<string, number>
}

/** Returns what must be stored of a record that arrives at ARRIVAL, from an address with labels or without. */
export function model (bytes: Buffer, origin?: Origin): Stored {
  const tenant = origin?.tenant ?? ''
  const text = bytes.toString()
  const utf8: Record<string, number> = isUtf8(bytes) ? {} : { utf8: 1 }
  let record: Record<string, unknown> = {}
  const field = (name: string): string | undefined => {
    const value = Object.hasOwn(record, name) ? record[name] : null
    return value === null ? undefined : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString()
  }
  const quarantine = (reason: string): Stored => {
    const written = field('@timestamp') ?? ''
    const told: Record<string, string | undefined> = {
      cloud: field('cloud'), region: field('region'), host: field('host') || field('hostname'), source: field('source')
    }
    for (const { name } of origin?.labels ?? []) told[name] = undefined
    return {
      tenant,
      selector: { ...given(origin), source: 'lokean', quarantine: reason },
      line: text,
      time: nanoseconds(ARRIVAL),
      metadata: cutAll({
        address: origin?.address ?? 'rsyslog/logs',
        original_timestamp: timeOf(written) === undefined ? undefined : written.slice(0, 64),
        ...told
      }),
      counts: { [reason]: 1, ...counted('metadata_cut', told), ...utf8 }
    }
  }

  if (text.trim() === '') return quarantine('empty')
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return quarantine('not_object')
    record = parsed as typeof record
  } catch {
    record = inFrontOfFault(text)
    return quarantine('invalid_json')
  }
  const message = field('message')
  const timestamp = field('@timestamp')
  if (message === undefined) return quarantine('no_message')
  if (timestamp === undefined) return quarantine('no_timestamp')
  const time = timeOf(timestamp)
  if (time === undefined) return quarantine('bad_timestamp')
  const age = nanoseconds(ARRIVAL) - time
  if (age > BigInt(settings.maxAgeMs) * 1_000_000n || time < 0n) return quarantine('too_old')
  if (age < -BigInt(settings.maxAheadMs) * 1_000_000n) return quarantine('too_new')

  const line = message.replace(/^ /, '').replace(/\n$/, '')
  const { read } = modelOf(Buffer.from(line).toString('latin1'))
  const texts = Object.fromEntries(Object.entries(read).map(([name, text]) => [name, Buffer.from(text as string, 'latin1').toString()]))
  const tagPid = /[^]\[(\d{1,10})\]:?$/.exec(field('tag') ?? '')?.[1]
  const severity = (field('file') ?? '') === '' ? severityOf(field('severity') ?? '') : undefined
  const derived: Record<string, string | undefined> = {
    ...texts, level: read.level ?? (field('level') || severity), pid: read.pid ?? (field('pid') || tagPid)
  }
  const metadata = Object.fromEntries(settings.metadata.map(({ name, field: from }) => [
    name, from === 'message' ? line : derived[from] ?? field(from) ?? ''
  ]))
  const source = field('source')
  const labels = {
    cloud: field('cloud'),
    region: field('region'),
    host: field('host') || field('hostname'),
    source,
    service_name: source,
    ...given(origin)
  }
  if (Object.values(labels).every(value => (value ?? '') === '')) return quarantine('no_labels')
  const counts = { ...counted('label_cut', labels), ...counted('metadata_cut', metadata), ...utf8 }
  const selector = Object.fromEntries(Object.entries(cutAll(labels)).map(([name, value]) => [name, value.replaceAll('\ufffd', '?')]))
  return { tenant, selector, line, time, metadata: cutAll(metadata), counts }
}

/**
 * The pairs that can still be read of a record that is no JSON: those in front of the first that is not two plain
 * strings.
 */
function inFrontOfFault (text: string): Record<string, string> {
  const record: Record<string, string> = {}
  const space = String.raw`[ \t\r\n]*`
  const plain = String.raw`[^"\\\p{Cc}]|[\x7f-\x9f]`
  const escape = String.raw`\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}`
  const pair = new RegExp(`${space}"((?:${plain})*)"${space}:${space}("(?:${plain}|${escape})*")${space}`, 'uy')
  pair.lastIndex = new RegExp(`^${space}\\{`).exec(text)?.[0].length ?? text.length
  for (let found; (found = pair.exec(text)) !== null;) {
    const [, name, value] = found
    Object.defineProperty(record, name, { value: JSON.parse(value), enumerable: true, configurable: true })
    if (text[pair.lastIndex] !== ',') break
    pair.lastIndex++
  }
  return record
}

/** The labels that the settings give to all streams of the origin. */
function given (origin: Origin | undefined): Record<string, string> {
  return Object.fromEntries([...settings.lokiLabels, ...origin?.labels ?? []].map(({ name, value }) => [name, value]))
}

/** Reads RFC 3339 as nanoseconds since the epoch. */
function timeOf (text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(text)
  if (match === null || Number(match[3]) > 60) return undefined
  const [, day, minute, second, fraction = '', zone] = match
  const utc = new Date(`${day}T${minute}:00Z`)
  if (Number.isNaN(utc.getTime()) || utc.toISOString().slice(0, 16) !== `${day}T${minute}`) return undefined
  const start = BigInt(Date.parse(`${day}T${minute}:00${zone.toUpperCase()}`)) * 1_000_000n
  return start + BigInt(second) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9))
}

/** A severity of RFC 5424: a digit, or a word. */
function severityOf (text: string): string | undefined {
  return /^[0-7]$/.test(text)
    ? ['critical', 'critical', 'critical', 'error', 'warning', 'info', 'info', 'debug'][Number(text)]
    : levelOfWord(text)
}

function cut (text: string): string {
  let to = Math.min(text.length, 2048)
  while (Buffer.byteLength(text.slice(0, to)) > 2048 || /[\ud800-\udbff]/.test(text[to - 1] ?? '')) to--
  return text.slice(0, to)
}

function cutAll (values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value = '']): [string, string] => [name, cut(value)])
    .filter(([, value]) => value !== ''))
}

function counted (reason: string, values: Record<string, string | undefined>): Record<string, number> {
  const count = Object.values(values).filter((value = '') => Buffer.byteLength(value) > 2048).length
  return count === 0 ? {} : { [reason]: count }
}
