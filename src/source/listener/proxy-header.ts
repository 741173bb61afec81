import type { Socket } from 'node:net'

/** `host` is undefined where the header is about no sender, as that of a load balancer's own check. */
export interface ProxyHeader { length: number, host: string | undefined }

const V1 = Buffer.from('PROXY ')
const V1_MOST = 107
const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V2_HEAD = 16
/** The most that version 2 may have behind its head here: its addresses, and what a balancer adds. */
const V2_MOST = 4096

/** Parses a header at the start of `bytes`: `more` where it is not whole, `none` where it is no header. */
export function parseProxyHeader (bytes: Buffer): ProxyHeader | 'more' | 'none' {
  if (startsAlike(bytes, V2)) return parseV2(bytes)
  if (!startsAlike(bytes, V1)) return 'none'
  const end = bytes.indexOf('\r\n')
  if (end < 0) return bytes.length < V1_MOST ? 'more' : 'none'
  const [, family, host] = bytes.toString('latin1', 0, end).split(' ')
  if (family === 'UNKNOWN') return { length: end + 2, host: undefined }
  return family === 'TCP4' || family === 'TCP6' ? { length: end + 2, host } : 'none'
}

/** Where `bytes` are fewer than `start`: whether they may become like it. */
function startsAlike (bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function parseV2 (bytes: Buffer): ProxyHeader | 'more' | 'none' {
  if (bytes.length < V2_HEAD) return 'more'
  const [command, family, rest] = [bytes.readUInt8(12), bytes.readUInt8(13) >> 4, bytes.readUInt16BE(14)]
  if (command >> 4 !== 2 || rest > V2_MOST) return 'none'
  const length = V2_HEAD + rest
  if (bytes.length < length) return 'more'
  if ((command & 15) !== 1) return { length, host: undefined }
  if (family === 1 && rest >= 12) return { length, host: bytes.subarray(V2_HEAD, V2_HEAD + 4).join('.') }
  if (family === 2 && rest >= 36) return { length, host: ipv6(bytes.subarray(V2_HEAD, V2_HEAD + 16)) }
  return { length, host: undefined }
}

function ipv6 (bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/**
 * Reads the header from a paused socket, and leaves what stands behind it. Resolves with the sender's host, or that of
 * the socket; with `undefined` where the socket closed first. Rejects where what comes is no header.
 */
export async function readProxyHeader (socket: Socket): Promise<string | undefined> {
  let bytes = Buffer.alloc(0)
  return await new Promise((resolve, reject) => {
    const done = (): void => { socket.off('readable', read).off('end', over).off('close', over) }
    const over = (): void => { done(); resolve(undefined) }
    const read = (): void => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      bytes = Buffer.concat([bytes, chunk])
      const header = parseProxyHeader(bytes)
      if (header === 'more') return
      done()
      if (header === 'none') return reject(new Error(bytes.toString('latin1', 0, 32)))
      if (header.length < bytes.length) socket.unshift(bytes.subarray(header.length))
      resolve(header.host ?? socket.remoteAddress ?? '')
    }
    socket.on('readable', read).on('end', over).on('close', over)
  })
}
