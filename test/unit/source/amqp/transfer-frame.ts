import fc from 'fast-check'
import { uint32 } from '../../../helpers/amqp-values.ts'

/** The content of a transfer frame, for its receiver. */
export interface Said {
  channel: number
  handle: number
  id: number | undefined
  more: boolean
  aborted: boolean
  payload: Uint8Array
}

/** The layout of a frame. AMQP leaves each of these choices to the writer (spec 1.6, 2.3, 2.7.5). */
export interface Layout {
  descriptor: 'smallulong' | 'ulong' | 'symbol8' | 'symbol32'
  wide: boolean
  /** Bytes between the frame's header and its performative, a multiple of four. */
  extended: Uint8Array
  /** The form of each uint and each boolean, where there is a choice. */
  uint: 'short' | 'long'
  flag: 'short' | 'long'
  /** Whether a false flag is written as `null`. */
  silent: boolean
  tag: { wide: boolean, bytes: Uint8Array } | undefined
  format: number | undefined
  settled: boolean
  mode: number | undefined
  state: 'none' | 'accepted' | 'received'
  /** Whether trailing fields without a value are left out. */
  trimmed: boolean
}

/** A router's layout. */
export const PLAIN: Layout = {
  descriptor: 'smallulong',
  wide: false,
  extended: new Uint8Array(),
  uint: 'short',
  flag: 'short',
  silent: false,
  tag: { wide: false, bytes: Buffer.from('tag') },
  format: 0,
  settled: false,
  mode: undefined,
  state: 'none',
  trimmed: true
}

const NULL = Buffer.of(0x40)
const SYMBOL = Buffer.from('amqp:transfer:list')
const DESCRIPTORS = {
  smallulong: Buffer.of(0x53, 0x14),
  ulong: Buffer.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0x14),
  symbol8: Buffer.concat([Buffer.of(0xa3, SYMBOL.length), SYMBOL]),
  symbol32: Buffer.concat([Buffer.of(0xb3), uint32(SYMBOL.length), SYMBOL])
}
const STATES = {
  none: NULL, accepted: Buffer.of(0x00, 0x53, 0x24, 0x45), received: Buffer.of(0x00, 0x53, 0x23, 0xc0, 0x04, 0x02, 0x43, 0x52, 0x07)
}

export function transferFrame (said: Partial<Said>, layout: Partial<Layout> = {}): Buffer {
  const { channel = 0, handle = 0, id, more = false, aborted = false, payload = new Uint8Array() } = said
  const how = { ...PLAIN, ...layout }
  const uint = (value: number | undefined): Buffer => value === undefined ? NULL : writeUint(value, how.uint)
  const flag = (value: boolean): Buffer => !value && how.silent ? NULL : writeFlag(value, how.flag)
  const fields = [
    uint(handle), uint(id), how.tag === undefined ? NULL : writeTag(how.tag), uint(how.format), flag(how.settled), flag(more),
    how.mode === undefined ? NULL : Buffer.of(0x50, how.mode), STATES[how.state], flag(false), flag(aborted), flag(false)
  ]
  while (how.trimmed && fields.at(-1)?.[0] === 0x40) fields.pop()
  return frameOf(channel, how.extended, Buffer.concat([Buffer.of(0x00), DESCRIPTORS[how.descriptor], list(fields, how.wide)]), payload)
}

/** Makes a frame around any performative. */
export function frameOf (channel: number, extended: Uint8Array, performative: Uint8Array, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + extended.length + performative.length + payload.length, 0)
  head[4] = 2 + extended.length / 4
  head.writeUInt16BE(channel, 6)
  return Buffer.concat([head, extended, performative, payload])
}

export function list (fields: readonly Uint8Array[], wide: boolean): Buffer {
  const content = Buffer.concat(fields)
  if (!wide && content.length < 255) return Buffer.concat([Buffer.of(0xc0, content.length + 1, fields.length), content])
  return Buffer.concat([Buffer.of(0xd0), uint32(content.length + 4), uint32(fields.length), content])
}

function writeUint (value: number, form: 'short' | 'long'): Buffer {
  if (form === 'short' && value === 0) return Buffer.of(0x43)
  return form === 'short' && value < 256 ? Buffer.of(0x52, value) : Buffer.concat([Buffer.of(0x70), uint32(value)])
}

function writeFlag (value: boolean, form: 'short' | 'long'): Buffer {
  return form === 'short' ? Buffer.of(value ? 0x41 : 0x42) : Buffer.of(0x56, value ? 1 : 0)
}

function writeTag ({ wide, bytes }: { wide: boolean, bytes: Uint8Array }): Buffer {
  return Buffer.concat([wide ? Buffer.concat([Buffer.of(0xb0), uint32(bytes.length)]) : Buffer.of(0xa0, bytes.length), bytes])
}

const uints = fc.oneof(fc.constant(0), fc.nat({ max: 255 }), fc.integer({ min: 0, max: 0xffffffff }))

export function said (): fc.Arbitrary<Said> {
  return fc.record({
    channel: fc.integer({ min: 0, max: 0xffff }),
    handle: uints,
    id: fc.option(uints, { nil: undefined }),
    more: fc.boolean(),
    aborted: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 60 })
  })
}

/** `plain`: only layouts that must be read without rhea's help. */
export function layout ({ plain = false }: { plain?: boolean } = {}): fc.Arbitrary<Layout> {
  return fc.record({
    descriptor: plain
      ? fc.constant('smallulong')
      : fc.constantFrom<Layout['descriptor']>('smallulong', 'smallulong', 'smallulong', 'ulong', 'symbol8', 'symbol32'),
    wide: fc.boolean(),
    extended: fc.nat({ max: 5 }).chain(words => fc.uint8Array({ minLength: 4 * words, maxLength: 4 * words })),
    uint: fc.constantFrom('short', 'long'),
    flag: fc.constantFrom('short', 'long'),
    silent: fc.boolean(),
    tag: fc.option(
      fc.record({ wide: plain ? fc.constant(false) : fc.boolean(), bytes: fc.uint8Array({ maxLength: 32 }) }), { nil: undefined }
    ),
    format: fc.option(uints, { nil: undefined }),
    settled: fc.boolean(),
    mode: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
    state: plain ? fc.constant('none') : fc.constantFrom<Layout['state']>('none', 'none', 'accepted', 'received'),
    trimmed: fc.boolean()
  })
}
