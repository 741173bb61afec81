import { goQuote } from '../store/label-set.ts'
import type { Refusal } from './refusal.ts'
import { malformed } from './wire.ts'

/** Writes the few protobuf shapes of a PushRequest. A nested message has a buffer of its own. */
class MessageWriter {
  #buf = Buffer.alloc(1024)
  #length = 0

  field (number: number, bytes: Buffer): this {
    this.#varint(BigInt(number * 8 + 2))
    this.#varint(BigInt(bytes.length))
    this.#room(bytes.length)
    bytes.copy(this.#buf, this.#length)
    this.#length += bytes.length
    return this
  }

  integer (number: number, value: bigint): this {
    this.#varint(BigInt(number * 8))
    this.#varint(BigInt.asUintN(64, value))
    return this
  }

  finish (): Buffer {
    return this.#buf.subarray(0, this.#length)
  }

  #varint (value: bigint): void {
    this.#room(10)
    for (; value >= 128n; value >>= 7n) this.#buf[this.#length++] = Number(value & 127n) | 128
    this.#buf[this.#length++] = Number(value)
  }

  #room (bytes: number): void {
    if (this.#length + bytes <= this.#buf.length) return
    const wider = Buffer.alloc((this.#length + bytes) * 2)
    this.#buf.copy(wider, 0, 0, this.#length)
    this.#buf = wider
  }
}

/**
 * Turns a JSON push (`{"streams": [{"stream": {...}, "values": [[ns, line, {metadata}], ...]}]}`) into the bytes of its
 * PushRequest, so that JSON and protobuf pushes are taken in the same way. Refuses as Loki does, in its words.
 */
export function jsonPush (body: Buffer): Buffer {
  const text = body.toString('utf8')
  const first = /[^ \t\r\n]/.exec(text)
  if (first === null) throw malformed('EOF')
  const at = Buffer.byteLength(text.slice(0, first.index))
  if (first[0] !== '{' && first[0] !== 'n') throw jsonError(body, at + 1, `readObjectStart: expect { or n, but found ${first[0]}`)
  let push: { streams?: unknown } | null
  try {
    push = JSON.parse(text) as { streams?: unknown } | null
  } catch {
    throw jsonError(body, body.length, `${streamsPath}readStringSlowPath: unexpected end of input`)
  }
  const streams = push?.streams ?? []
  if (!Array.isArray(streams)) throw jsonError(body, body.length, 'loghttp.PushRequest.Streams: decode slice: expect [ or n')
  const message = new MessageWriter()
  for (const stream of streams) message.field(1, streamMessage(body, stream))
  return message.finish()
}

const streamsPath = 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: '

function streamMessage (body: Buffer, stream: unknown): Buffer {
  const fault = (text: string): Refusal => jsonError(body, body.length - 2, `${streamsPath}unmarshalerDecoder: ${text}`)
  if (stream === null || typeof stream !== 'object') throw fault("Value looks like object, but can't find closing '}' symbol")
  const { stream: labels, values } = stream as { stream?: Record<string, unknown>, values?: unknown }
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => a < b ? -1 : 1)
  const labelText = `{${pairs.map(([name, value]) => `${name}=${goQuote(textOf(value))}`).join(', ')}}`
  const message = new MessageWriter().field(1, Buffer.from(labelText))
  if (values !== null && values !== undefined && !Array.isArray(values)) {
    throw fault("Value looks like array, but can't find closing ']' symbol")
  }
  for (const value of values ?? []) {
    if (value === null) continue
    if (!Array.isArray(value)) throw fault("Value looks like array, but can't find closing ']' symbol")
    message.field(2, entryMessage(value, fault))
  }
  return message.finish()
}

function entryMessage (value: unknown[], fault: (text: string) => Refusal): Buffer {
  const [time, line, metadata] = value
  if (value.length > 0 && (typeof time !== 'string' || !/^-?\d{1,19}$/.test(time))) {
    throw fault("Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol")
  }
  if (value.length > 1 && typeof line !== 'string') throw fault("Value is string, but can't find closing '\"' symbol")
  const nanoseconds = BigInt(time as string | undefined ?? 0)
  const nanos = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const timestamp = new MessageWriter().integer(1, (nanoseconds - nanos) / 1_000_000_000n).integer(2, nanos)
  const message = new MessageWriter()
  if (value.length > 0) message.field(1, timestamp.finish())
  message.field(2, Buffer.from(line as string | undefined ?? ''))
  if (value.length < 3) return message.finish()
  if (metadata === null || typeof metadata !== 'object') throw fault("Value looks like object, but can't find closing '}' symbol")
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') throw fault("Value is string, but can't find closing '\"' symbol")
    message.field(3, new MessageWriter().field(1, asWritten(name)).field(2, asWritten(text)).finish())
  }
  return message.finish()
}

/** Loki keeps the metadata of JSON pushes with the JSON escapes of the request. */
const asWritten = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1))

const textOf = (value: unknown): string => typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)

/**
 * The text of Loki's JSON decoder for a fault after `head` bytes. It quotes the body near that place, and more widely.
 */
function jsonError (body: Buffer, head: number, text: string): Refusal {
  const around = (reach: number): string => body.toString('utf8', Math.max(0, head - reach), Math.min(body.length, head + reach))
  return malformed(`${text}, error found in #${Math.min(head, 10)} byte of ...|${around(10)}|..., bigger context ...|${around(50)}|...`)
}
