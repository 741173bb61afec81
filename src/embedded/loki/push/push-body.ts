import { promisify } from 'node:util'
import { gunzip, inflateRaw } from 'node:zlib'
import type { Intake } from './intake.ts'
import { jsonPush } from './json-push.ts'
import { Refusal } from './refusal.ts'
import { snappyDecode, snappyLength } from './snappy-decode.ts'
import { malformed } from './wire.ts'

const gunzipped = promisify(gunzip)
const inflated = promisify(inflateRaw)
/** A push that unpacks to more bytes is refused. Else a few kilobytes could fill the memory. */
const maxOutputLength = 64 * 1_048_576

/**
 * Stores the body of a push. It is JSON where the content type says so, else a snappy block of protobuf, whatever the
 * content type says. Either may be gzipped or deflated (Loki's `ParseLokiRequest`). Throws a Refusal to answer with.
 */
export async function storeBody (intake: Intake, tenant: string, headers: NodeJS.Dict<string | string[]>, body: Buffer): Promise<void> {
  try {
    const unpacked = await unpack(String(headers['content-encoding'] ?? ''), body)
    if (mediaType(String(headers['content-type'] ?? '')) === 'application/json') {
      const message = jsonPush(unpacked)
      intake.push(tenant, message.length, (chunk, at) => { message.copy(chunk.buf, at) })
    } else {
      const { length, start } = snappyLength(unpacked)
      intake.push(tenant, length, (chunk, at) => { snappyDecode(unpacked, start, chunk.buf, at, length) })
    }
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'malformed') intake.rejected.malformed++
    throw error
  }
}

function unpack (encoding: string, body: Buffer): Buffer | Promise<Buffer> {
  switch (encoding) {
    case '':
    case 'snappy':
      return body
    case 'gzip':
      return gunzipped(body, { maxOutputLength }).catch(() => { throw malformed('gzip: invalid header') })
    case 'deflate':
      return inflated(body, { maxOutputLength }).catch(() => { throw malformed('flate: corrupt input before offset 0') })
    default:
      throw malformed(`Content-Encoding "${encoding}" not supported`)
  }
}

/** A content type without its parameters. Faults have the texts of Go's `mime.ParseMediaType`. */
function mediaType (header: string): string {
  const type = header.split(';', 1)[0]!.trim().toLowerCase()
  if (type === '') throw malformed('mime: no media type')
  const [main, sub, ...more] = type.split('/')
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(main!) || sub === '') throw malformed('mime: expected token after slash')
  if (more.length > 0 || (sub !== undefined && !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(sub))) {
    throw malformed('mime: unexpected content after media subtype')
  }
  return type
}
