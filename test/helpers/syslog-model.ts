/**
 * A second, plain reader of syslog's headers, made of regular expressions and Date. Bytes are characters to it, as
 * Latin-1 has them.
 */

/** What is read of a record. `time` is in nanoseconds since the epoch; without one, the record has the time of arrival. */
export interface SyslogRecord {
  time?: bigint
  host?: string
  source?: string
  tag?: string
  pid?: string
  procid?: string
  msgid?: string
  structured_data?: string
  severity?: string
  facility?: string
  message: string
  headed: boolean
}

const FACILITIES = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock',
  ...Array.from({ length: 8 }, (_, i) => `local${i}`)
]
const ZONES: Record<string, string> = {
  UTC: '+00',
  GMT: '+00',
  WET: '+00',
  WEST: '+01',
  CET: '+01',
  CEST: '+02',
  MET: '+01',
  MEST: '+02',
  EET: '+02',
  EEST: '+03',
  MSK: '+03',
  JST: '+09',
  EST: '-05',
  EDT: '-04',
  CST: '-06',
  CDT: '-05',
  MST: '-07',
  MDT: '-06',
  PST: '-08',
  PDT: '-07'
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const CLOCK = String.raw`(?<clock>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d+))?`
const ZONE = String.raw`[Zz]|[+-]\d\d(?::?\d\d|(?!:?\d\d))`
const YEAR = String.raw`(?:19[7-9]|20\d)\d`
const BREAK = '(?=:?(?: |$))'
const ISO = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?<between>[Tt ])${CLOCK}(?<zone>${ZONE})?${BREAK}`)
const END = `(?:(?<zone>${ZONE})| (?<word>${ZONE}|${Object.keys(ZONES).join('|')})${BREAK})?`
/** The year stands before the time; or behind it, or nowhere. */
const BSD = [
  String.raw`^(?<name>[A-Za-z]{3}) {1,2}(?<day>\d\d?) (?<year>${YEAR}) ${CLOCK}${END}${BREAK}:?`,
  String.raw`^(?<name>[A-Za-z]{3}) {1,2}(?<day>\d\d?) ${CLOCK}${END}(?: (?<year>${YEAR})${BREAK})?${BREAK}:?`
].map(source => new RegExp(source))
const DATA = /^(?:-|(?:\[[^ "\]=]+(?: (?:[^ "\]=]+=(?:"(?:[^"\\]|\\[^])*"|[^ "\]]*))?)*\])+)(?= |$)/
const TAGLESS = /^(?:last message repeated |-- MARK --)/

type Draft = Partial<SyslogRecord>
/** A header that was read, and what stands behind it. */
interface Read { draft: Draft, rest: string }

export function syslogModel (record: Buffer, nowMs: number): SyslogRecord {
  const whole = record.toString('latin1').replace(/(?:\r?\n)?\0*$/, '')
  let known: Draft = {}
  let at = whole
  for (let relays = 0; ; relays++) {
    const message = at.replace(/^ +/, '')
    const [priority, digits] = /^<(\d{0,10})>/.exec(message) ?? []
    const from = message.slice(priority?.length ?? 0)
    const header = rfc5424(from, priority !== undefined) ?? rfc3164(from, priority !== undefined, nowMs)
    const headed = relays > 0 || header !== undefined || priority !== undefined
    known = { ...known, ...priorityOf(digits), ...header?.draft, headed }
    const text = header?.rest ?? (priority === undefined ? at : from)
    const inner = text.replace(/^ +/, '')
    if (relays === 3 || !isMessage(inner, nowMs)) {
      return { ...known, message: (headed ? text.replace(/^ /, '') : text).replace(/^\xef\xbb\xbf/, ''), headed }
    }
    known = { time: known.time, host: known.host }
    at = inner
  }
}

function priorityOf (digits: string | undefined): Draft {
  if (digits === undefined || !/^\d{1,3}$/.test(digits) || Number(digits) > 191) return {}
  return { severity: String(Number(digits) % 8), facility: FACILITIES[Math.floor(Number(digits) / 8)] }
}

function isMessage (text: string, nowMs: number): boolean {
  const [priority] = /^<\d{1,3}>/.exec(text) ?? []
  if (priority === undefined) return false
  const from = text.slice(priority.length)
  return bsd(from, nowMs) !== undefined || iso(from, true) !== undefined || (from.startsWith('1 ') && iso(from.slice(2), true) !== undefined)
}

function rfc5424 (text: string, prioritised: boolean): Read | undefined {
  if (!text.startsWith('1 ')) return undefined
  const time = text.slice(2)
  const date = iso(time, !prioritised)
  if (date !== undefined) return names(date.rest.replace(/^:[^ ]*/, ''), date.draft)
  if (!prioritised) return undefined
  if (/^-(?: |$)/.test(time)) return names(time.slice(1), {})
  if (!/^\d{4}-/.test(time)) return undefined
  return { draft: names(time.replace(/^[^ ]*/, ''), {}).draft, rest: time }
}

function names (text: string, draft: Draft): Read {
  let rest = text
  for (const name of ['host', 'source', 'pid', 'msgid'] as const) {
    const [word = '', value = ''] = /^ ([^ ]*)/.exec(rest) ?? []
    rest = rest.slice(word.length)
    if (value === '' || value === '-') continue
    draft = { ...draft, [name]: value }
    if (name === 'pid') draft.procid = value
  }
  rest = rest.slice(1)
  const [data] = DATA.exec(rest) ?? []
  if (data === undefined) return { draft, rest }
  return { draft: data === '-' ? draft : { ...draft, structured_data: data }, rest: rest.slice(data.length + 1) }
}

function rfc3164 (text: string, prioritised: boolean, nowMs: number): Read | undefined {
  const from = text.replace(/^ +/, '').replace(/^(?:\d{1,10}: ){0,2}[*.]?/, '')
  const ofBsd = bsd(from, nowMs)
  const date = ofBsd ?? iso(from, !prioritised)
  if (date === undefined) return undefined
  const { draft } = date
  const first = date.rest.replace(/^ +/, '')
  if (TAGLESS.test(first)) return { draft, rest: first }
  const [word] = /^[^ ]*/.exec(first)!
  const isIpv6 = /^[\da-fA-F:.]*:[\da-fA-F:.]*:[\da-fA-F:.]*$/.test(word)
  const own = isIpv6 ? undefined : tagOf(first)
  if (own?.kind === 'strong') return tagged(draft, first, own)
  let second = first.slice(word.length).replace(/^ +/, '')
  if (second === '' || !(isIpv6 || /^[\w.-]{1,255}$/.test(word))) return { draft, rest: first }
  const isColon = /^:(?: |$)/.test(second)
  if (isColon) second = second.slice(1).replace(/^ +/, '')
  const isRsyslogs = prioritised === (ofBsd === undefined)
  const isSure = isRsyslogs || isColon || word === '-' || word === 'localhost' || (word.length > 1 && /[\d.:].|\d$/.test(word))
  const isTagless = TAGLESS.test(second) || /^<\d{1,3}>/.test(second)
  const tag = isTagless ? undefined : tagOf(second)
  if (!isSure && !isTagless && (tag === undefined || tag.kind === 'plain')) return { draft, rest: first }
  const hosted = word === '-' ? draft : { ...draft, host: word }
  return tag === undefined ? { draft: hosted, rest: second } : tagged(hosted, second, tag)
}

interface Tag { kind: 'plain' | 'joined' | 'strong', name: string, length: number }

function tagOf (text: string): Tag | undefined {
  const [name = ''] = /^[\w.@+~%/()-]+/.exec(text) ?? []
  if (name.length > 128 || !(name === '-' || /^[^-/.].*[A-Za-z]|^[A-Za-z]/.test(name))) return undefined
  const behind = text.slice(name.length)
  const [brackets, pid = ''] = /^\[([^\] ]{0,63})\]/.exec(behind) ?? []
  if (brackets === undefined && behind.startsWith('[')) return undefined
  const last = behind.slice(brackets?.length ?? 0)
  const length = name.length + (brackets?.length ?? 0)
  if (last.startsWith(':')) {
    if (/^:[/:]/.test(last)) return undefined
    return { kind: /^:(?: |$)/.test(last) ? 'strong' : 'joined', name, length: length + 1 }
  }
  if (brackets !== undefined) return /^\d+$/.test(pid) && /^(?: |$)/.test(last) ? { kind: 'strong', name, length } : undefined
  return last.startsWith(' ') && !name.startsWith('(') ? { kind: 'plain', name, length } : undefined
}

function tagged (draft: Draft, text: string, { name, length }: Tag): Read {
  const rest = text.slice(length)
  if (name === '-') return { draft, rest }
  const tag = text.slice(0, length)
  const procid = /\[(\d+)\]:?$/.exec(tag)?.[1]
  return { draft: { ...draft, source: name, tag, ...procid !== undefined && { procid } }, rest: name.startsWith('%') ? text : rest }
}

function iso (text: string, strict: boolean): Read | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const { year, month, day, between, clock, fraction, zone } = match.groups!
  if (strict && (between === ' ' || zone === undefined)) return undefined
  return read(match[0], text, timeOf(Number(year), Number(month), Number(day), clock, fraction, zone))
}

function bsd (text: string, nowMs: number): Read | undefined {
  const match = BSD[0].exec(text) ?? BSD[1].exec(text)
  if (match === null) return undefined
  const { name, day, year, clock, fraction, zone, word } = match.groups!
  const month = MONTHS.indexOf(name.toLowerCase()) + 1
  const minutes = Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))
  const ofYear = year === undefined ? nearest(month, Number(day), minutes, nowMs) : Number(year)
  return ofYear === undefined ? undefined : read(match[0], text, timeOf(ofYear, month, Number(day), clock, fraction, zone ?? word))
}

function read (date: string, text: string, time: bigint | undefined): Read | undefined {
  return time === undefined ? undefined : { draft: { time }, rest: text.slice(date.length) }
}

function nearest (month: number, day: number, minutes: number, nowMs: number): number | undefined {
  const present = new Date(nowMs).getUTCFullYear()
  const [found] = [0, -1, 1, -2, 2, -3, 3, -4, 4]
    .map(step => present + step)
    .filter(year => isDay(year, month, day))
    .map(year => ({ year, away: Math.abs(Date.UTC(year, month - 1, day, 0, minutes) - nowMs) }))
    .sort((a, b) => a.away - b.away)
  return found?.year
}

function isDay (year: number, month: number, day: number): boolean {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return month >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && day > 0
}

function timeOf (
  year: number, month: number, day: number, clock: string, fraction = '', zone = 'Z'
): bigint | undefined {
  const [hour, minute, second] = clock.split(':').map(Number)
  const [, sign = '+', hours = '00', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(ZONES[zone] ?? zone) ?? []
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 60 || Number(hours) > 23 || Number(minutes) > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  const ms = date.getTime() - (sign === '-' ? -offset : offset)
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}
