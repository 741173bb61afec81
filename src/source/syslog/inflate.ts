import { inflateSync } from 'node:zlib'

/**
 * A message that rsyslog has compressed by itself (`ziplevel`): `z`, and a stream of zlib. Undefined where it is none,
 * or would have more than `mostBytes`.
 */
export function inflated (message: Uint8Array, mostBytes: number): Buffer | undefined {
  try {
    return inflateSync(message.subarray(1), { maxOutputLength: mostBytes })
  } catch {
    return undefined
  }
}

/** The compression of a whole connection whose first bytes these are: rsyslog's `compression.mode="stream:always"`. */
export function streamCompression (bytes: Uint8Array): 'zlib' | 'zstd' | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd'
  return first === 0x78 && [0x01, 0x5e, 0x9c, 0xda].includes(second) ? 'zlib' : undefined
}
