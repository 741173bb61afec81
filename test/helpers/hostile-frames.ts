import { uint32 } from './amqp-values.ts'

/** Writes AMQP 1.0 bytes as an attacker would: every size and count may be wrong. Spec 1.6, 2.3, 2.7, 5.3. */

export const AMQP_HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1')
export const SASL_HEADER = Buffer.from('AMQP\x03\x01\0\0', 'latin1')

export const NULL = Buffer.of(0x40)
export const TRUE = Buffer.of(0x41)
export const FALSE = Buffer.of(0x42)
export const uint = (value: number): Buffer => Buffer.concat([Buffer.of(0x70), uint32(value)])
export const ushort = (value: number): Buffer => Buffer.of(0x60, value >> 8, value & 0xff)
export const text = (value: string | Uint8Array, code = 0xb1): Buffer => {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([Buffer.of(code), uint32(bytes.length), bytes])
}
export const symbol = (value: string): Buffer => text(value, 0xb3)

/** `count`: the claimed number of elements. `code`: a list32, or 0xd1 for a map32. */
export function list (items: readonly Uint8Array[], { count = items.length, code = 0xd0 }: { count?: number, code?: number } = {}): Buffer {
  const content = Buffer.concat(items)
  return Buffer.concat([Buffer.of(code), uint32(content.length + 4), uint32(count), content])
}

/** An array32 of `count` values that take no bytes. */
export const emptyElements = (count: number, code = 0x40): Buffer => Buffer.concat([
  Buffer.of(0xf0), uint32(5), uint32(count), Buffer.of(code)
])

/** A list within a list, `depth` deep. */
export function nested (depth: number, count = 1): Buffer {
  const HEAD = 9
  const bytes = Buffer.alloc(HEAD * depth + NULL.length)
  for (let at = 0; at < HEAD * depth; at += HEAD) {
    bytes[at] = 0xd0
    bytes.writeUInt32BE(bytes.length - at - 5, at + 1)
    bytes.writeUInt32BE(count, at + 5)
  }
  NULL.copy(bytes, HEAD * depth)
  return bytes
}

export function frame (
  body: Uint8Array,
  { channel = 0, type = 0, size = body.length + 8, doff = 2 }: { channel?: number, type?: number, size?: number, doff?: number } = {}
): Buffer {
  return Buffer.concat([uint32(size), Buffer.of(doff, type, channel >> 8, channel & 0xff), body])
}

export function described (code: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x00, 0x53, code), value])
}

const performative = (code: number, fields: readonly Uint8Array[], payload: Uint8Array = Buffer.alloc(0), channel = 0): Buffer =>
  frame(Buffer.concat([described(code, list(fields)), payload]), { channel })

export const open = ({
  id = text('hostile'), maxFrame = uint(65536), properties = NULL
}: { id?: Buffer, maxFrame?: Buffer, properties?: Buffer } = {}): Buffer =>
  performative(0x10, [id, NULL, maxFrame, ushort(1000), NULL, NULL, NULL, NULL, NULL, properties])
export const begin = (
  channel = 0, remote: Buffer = ushort(0), { outgoingId = uint(0), properties = NULL }: { outgoingId?: Buffer, properties?: Buffer } = {}
): Buffer =>
  performative(0x11, [remote, outgoingId, uint(1000), uint(1000), uint(255), NULL, NULL, properties], undefined, channel)
/** `role`: TRUE for a receiver. */
export const attach = (name: Buffer, {
  handle = 0, role = FALSE, address = 'a', count = uint(0), properties = NULL
}: { handle?: number, role?: Buffer, address?: string, count?: Buffer, properties?: Buffer } = {}): Buffer => {
  const source = described(0x28, list([text(address)]))
  const target = described(0x29, list([text(address)]))
  return performative(0x12, [name, uint(handle), role, NULL, NULL, source, target, NULL, NULL, count, NULL, NULL, NULL, properties])
}
export const flow = (handle: Buffer = NULL, credit = uint(0), echo = FALSE): Buffer =>
  performative(0x13, [uint(0), uint(1000), uint(0), uint(1000), handle, uint(0), credit, NULL, NULL, echo])
export const transfer = ({
  handle = 0, id = 0, more = false, payload = Buffer.alloc(0), channel = 0
}: { handle?: number, id?: number, more?: boolean, payload?: Uint8Array, channel?: number } = {}): Buffer =>
  performative(0x14, [uint(handle), uint(id), text('t', 0xb0), uint(0), FALSE, more ? TRUE : FALSE], payload, channel)
export const disposition = (first: number, last: number, role = TRUE): Buffer =>
  performative(0x15, [role, uint(first), uint(last), TRUE, described(0x24, list([]))])

const sasl = (code: number, fields: readonly Uint8Array[]): Buffer => frame(described(code, list(fields)), { type: 1 })
export const mechanisms = (value: Buffer = symbol('ANONYMOUS')): Buffer => sasl(0x40, [value])
export const saslInit = (mechanism: Buffer, response: Buffer = NULL): Buffer => sasl(0x41, [mechanism, response])
export const challenge = (): Buffer => sasl(0x42, [text('?', 0xb0)])
export const response = (): Buffer => sasl(0x43, [text('!', 0xb0)])
export const outcome = (code = 0): Buffer => sasl(0x44, [Buffer.of(0x50, code)])
