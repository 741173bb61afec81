import { isUtf8 } from 'node:buffer'
import { isIP } from 'node:net'
import type { EncoderSettings, Origin } from '../../src/worker/messages/settings.ts'
import { levelOfWord } from '../../src/worker/formats/levels.ts'
import { modelOf } from './format-model.ts'
import { timeOf } from './time-model.ts'
import { ARRIVAL, encoderSettings, mappings, nanoseconds } from './worker-fixtures.ts'

/**
 * A second, plain encoder for a single record, made of JSON.parse, regular expressions and Date. It counts bytes only
 * for lengths.
 */

const ARRIVAL_MS = Number(nanoseconds(ARRIVAL) / 1_000_000n)
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

/**
 * Returns what must be stored of a record that arrives at ARRIVAL, from an address with labels or without. Undefined
 * where nothing is stored.
 */
export function model (bytes: Buffer, origin?: Origin): Stored | undefined {
  const tenant = origin?.tenant ?? ''
  const text = bytes.toString()
  const utf8: Record<string, number> = isUtf8(bytes) ? {} : { utf8: 1 }
  let record: Record<string, unknown> = {}
  let escapes: Record<string, number> = {}
  let year: Record<string, number> = {}
  const field = (name: string): string | undefined => {
    const value = Object.hasOwn(record, name) ? record[name] : null
    return value === null ? undefined : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString()
  }
  const host = (): string | undefined => [field('host'), field('hostname')].find(name => !/^(|-|<[^]*>)$/.test(name ?? ''))
  const quarantine = (reason: string): Stored => {
    const written = field('@timestamp') ?? ''
    const told: Record<string, string | undefined> = {
      cloud: field('cloud'),
      region: field('region'),
      host: reason === 'no_labels' ? undefined : field('host') || field('hostname'),
      source: field('source')
    }
    for (const { name } of origin?.labels ?? []) told[name] = undefined
    return {
      tenant,
      selector: { ...given(origin), source: 'lokean', quarantine: reason },
      line: text,
      time: nanoseconds(ARRIVAL),
      metadata: cutAll({
        address: origin?.address ?? 'rsyslog/logs',
        original_timestamp: timeOf(written, ARRIVAL_MS) === undefined ? undefined : written.slice(0, 64),
        ...told
      }),
      counts: { [reason]: 1, ...counted('metadata_cut', told), ...utf8, ...escapes, ...year }
    }
  }

  if (text.trim() === '') return quarantine('empty')
  const plain = parsed(text)
  const mended = plain ?? parsed(withMendedEscapes(text))
  if (plain === undefined && !isObject(mended)) {
    record = { ...findable(text), ...inFrontOfFault(text) }
    return quarantine('invalid_json')
  }
  if (!isObject(mended)) return quarantine('not_object')
  if (plain === undefined) escapes = { escapes: 1 }
  record = mended
  const message = field('message')
  const timestamp = field('@timestamp')
  if (message === undefined) return quarantine('no_message')
  if (timestamp === undefined) return quarantine('no_timestamp')
  const written = timeOf(timestamp, ARRIVAL_MS)
  if (written === undefined) return quarantine('bad_timestamp')
  const time = [written, inYear(written, 1), inYear(written, -1)].find(time => time !== undefined && unfit(time) === undefined)
  if (time === undefined) return quarantine(unfit(written) ?? '')
  if (time !== written) year = { year: 1 }

  const trimmed = (field('file') ? message : message.replace(/^ /, '')).replace(/\n$/, '')
  if (/^[\0\s]*\0[\0\s]*$/.test(Buffer.from(trimmed).toString('latin1'))) return undefined
  const line = trimmed.replace(/\0\0+/g, run => `[${run.length} NULs]`)
  const nuls: Record<string, number> = line === trimmed ? {} : { nuls: 1 }
  const { read } = modelOf(Buffer.from(trimmed).toString('latin1'))
  const texts = Object.fromEntries(Object.entries(read).map(([name, text]) => [name, Buffer.from(text as string, 'latin1').toString()]))
  const tagPid = /[^]\[(\d{1,10})\]:?$/.exec(field('tag') ?? '')?.[1]
  const severity = (field('file') ?? '') === '' ? severityOf(field('severity') ?? '') : undefined
  const derived: Record<string, string | undefined> = {
    ...texts, level: read.level ?? (field('level') || severity), pid: read.pid ?? (field('pid') || tagPid)
  }
  const metadata = Object.fromEntries(settings.metadata.map(({ name, field: from }) => [
    name, from === 'message' ? line : derived[from] ?? field(from) ?? ''
  ]))
  const isOdd = !isHost(host() ?? '') || !isTag(field('source') ?? '')
  const name = (text: string | undefined): string | undefined => isOdd && text !== undefined && text !== '' ? 'unknown' : text
  const told = isOdd ? { host: host(), source: field('source') } : {}
  const source = name(field('source'))
  const labels = {
    cloud: field('cloud'),
    region: field('region'),
    host: name(host()),
    source,
    service_name: source,
    ...given(origin)
  }
  if (Object.values(labels).every(value => (value ?? '') === '')) return quarantine('no_labels')
  const names: Record<string, number> = isOdd ? { names: 1 } : {}
  const cuts = { ...counted('label_cut', labels), ...counted('metadata_cut', { ...metadata, ...told }) }
  const counts = { ...cuts, ...names, ...utf8, ...escapes, ...nuls, ...year }
  const selector = Object.fromEntries(Object.entries(cutAll(labels)).map(([name, value]) => [name, value.replaceAll('\ufffd', '?')]))
  return { tenant, selector, line, time, metadata: cutAll({ ...metadata, ...told }), counts }
}

/** Why Loki takes no record of that time, in nanoseconds. */
function unfit (time: bigint): string | undefined {
  const age = nanoseconds(ARRIVAL) - time
  if (age > BigInt(settings.maxAgeMs) * 1_000_000n || time < 0n) return 'too_old'
  return age < -BigInt(settings.maxAheadMs) * 1_000_000n ? 'too_new' : undefined
}

/** The same day and hour, so many years later; undefined where that year has no such day. */
function inYear (time: bigint, later: number): bigint | undefined {
  const iso = new Date(Number(time / 1_000_000_000n) * 1000).toISOString()
  const other = `${String(Number(iso.slice(0, 4)) + later).padStart(4, '0')}${iso.slice(4)}`
  const ms = Date.parse(other)
  return Number.isNaN(ms) || new Date(ms).toISOString() !== other ? undefined : BigInt(ms) * 1_000_000n + time % 1_000_000_000n
}

/** A name or an address of a host, or nothing. */
export function isHost (text: string): boolean {
  if (text === '' || isIP(text) !== 0) return true
  return text.length <= 254 && text.replace(/\.$/, '').split('.')
    .every(part => part.length <= 63 && /^[A-Za-z0-9_-]+$/.test(part) && !part.startsWith('-') && !part.endsWith('-'))
}

/** The tag of a program, or nothing. */
export function isTag (text: string): boolean {
  const bare = text.replace(/^\(/, '')
  return text === '' || text === '-' || (text.length <= 128 && /^[A-Za-z0-9_%]/.test(bare) && [...bare].every(one => /[\w.@+~%/<>()-]/.test(one)))
}

/** The JSON text as a value, its broken escapes mended; undefined where it is no JSON all the same. */
export function readJson (text: string): unknown {
  return parsed(text) ?? parsed(withMendedEscapes(text))
}

/** Undefined where the text is no JSON. */
function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withMendedEscapes (text: string): string {
  return text.replace(/"(?:[^"\\]|\\[^])*"?/g, string => string.replace(
    /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\\\p{Cc}]/gu,
    found => found.length > 1 || /[\x7f-\x9f]/.test(found) ? found : JSON.stringify(found).slice(1, -1)
  ))
}

/** The pairs of a key that quarantine tells and a string, wherever they stand in what is no JSON. */
function findable (text: string): Record<string, string> {
  return Object.fromEntries(['@timestamp', 'cloud', 'region', 'host', 'hostname', 'source'].flatMap(name => {
    const [value] = text.split(`"${name}"`).map((_, i, all) => all.slice(i).join(`"${name}"`)).slice(1).flatMap(behind => {
      const [, string] = /^\s*:\s*("(?:[^"\\]|\\[^])*")/.exec(behind.slice(0, 4096)) ?? []
      return string === undefined ? [] : [parsed(withMendedEscapes(string)) as string]
    })
    return value === undefined ? [] : [[name, value]]
  }))
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
