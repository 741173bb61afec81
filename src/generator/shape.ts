import { renderRecord } from './records.ts'
import type { Line, Source } from './log-source.ts'

/** The kinds of slots. Each slot of a shape is filled anew for each record. */
export const SLOT = {
  DIGITS: 0,
  HEX: 1,
  UUID: 2,
  REQUEST: 3,
  GLOBAL_REQUEST: 4,
  USER: 5,
  PROJECT: 6,
  INSTANCE: 7,
  ISO: 8,
  APACHE: 9,
  SEQUENCE: 10,
  HTTPD: 11,
  REDIS: 12,
  MONTH: 13
} as const

/** The named slots of a line's text: kind, width in bytes, and, for a time, the character between date and time. */
const NAMED: Record<string, readonly [kind: number, width: number, separator?: string]> = {
  uuid: [SLOT.UUID, 36],
  req: [SLOT.REQUEST, 36],
  greq: [SLOT.GLOBAL_REQUEST, 36],
  user: [SLOT.USER, 32],
  project: [SLOT.PROJECT, 32],
  instance: [SLOT.INSTANCE, 36],
  oslo: [SLOT.ISO, 23, ' '],
  mysql: [SLOT.ISO, 19, ' '],
  rfc: [SLOT.ISO, 26, ' '],
  ovs: [SLOT.ISO, 23, 'T'],
  ceph: [SLOT.ISO, 26, 'T'],
  apache: [SLOT.APACHE, 22],
  haproxy: [SLOT.APACHE, 26],
  httpd: [SLOT.HTTPD, 31],
  redis: [SLOT.REDIS, 24],
  month: [SLOT.MONTH, 15],
  seq: [SLOT.SEQUENCE, 10]
}
const SLOTS = /\{(?:(n|hex):(\d+)|([a-z]+))\}/g

/**
 * One kind of record, rendered as far as it is equal on all hosts: the bytes from behind the host's name up to the
 * cloud's. `slots` holds four numbers for each slot: kind, offset, width and separator.
 */
export interface Shape {
  readonly source: string
  readonly bytes: Buffer
  readonly slots: Int32Array
}

/** The bytes of a host's records around the shape. The timestamp lies in the head, at `TIMESTAMP_AT`. */
export interface Frame { readonly head: Buffer, readonly tail: Buffer }

export const TIMESTAMP_AT = '{"@timestamp":"'.length
const EPOCH = '1970-01-01T00:00:00.000000+00:00'

/** Marks for the cuts between head, shape and tail. Neither the template nor a line can contain them. */
const HOST = '<host>'
const CLOUD = '<cloud>'

export function compileShape (source: Source, line: Line): Shape {
  const record = renderRecord({
    timestamp: EPOCH,
    host: HOST,
    severity: line.severity ?? '5',
    facility: source.facility,
    tag: source.tag,
    source: source.name,
    message: `${line.text} seq={seq}`,
    file: source.file,
    cloud: CLOUD,
    region: ''
  })
  const text = record.slice(record.indexOf(HOST) + HOST.length, record.indexOf(CLOUD))
  const slots: number[] = []
  const pieces: Buffer[] = []
  let length = 0
  const append = (piece: string) => {
    const bytes = Buffer.from(piece)
    pieces.push(bytes)
    length += bytes.length
  }
  let from = 0
  for (const match of text.matchAll(SLOTS)) {
    const [placeholder, random, width, name = ''] = match
    const slot = random === undefined ? NAMED[name] : [random === 'n' ? SLOT.DIGITS : SLOT.HEX, Number(width)] as const
    if (slot === undefined) throw new Error(`source ${source.name} has an unknown slot ${placeholder}`)
    append(text.slice(from, match.index))
    slots.push(slot[0], length, slot[1], slot[2]?.charCodeAt(0) ?? 0)
    append('0'.repeat(slot[1]))
    from = match.index + placeholder.length
  }
  append(text.slice(from))
  return { source: source.name, bytes: Buffer.concat(pieces), slots: Int32Array.from(slots) }
}

export function compileFrame (host: { name: string, cloud: string, region: string }): Frame {
  const record = renderRecord({
    timestamp: EPOCH,
    host: host.name,
    severity: '',
    facility: '',
    tag: '',
    source: '',
    message: '',
    file: '',
    cloud: CLOUD,
    region: host.region
  })
  const head = record.slice(0, record.indexOf('", "severity"'))
  const tail = host.cloud + record.slice(record.indexOf(CLOUD) + CLOUD.length)
  return { head: Buffer.from(head), tail: Buffer.from(tail) }
}
