import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'

/** Where a UDP socket is bound, as Node says it. */
export interface Bound { address: string, port: number, family: string }

/**
 * The `drops` column of /proc/net/udp or udp6 for this socket: datagrams that came while its receive buffer was full, since it was made.
 * Undefined where there is no such file or line.
 */
export function kernelDrops (bound: Bound, read: (path: string) => string = path => readFileSync(path, 'latin1')): number | undefined {
  try {
    const v6 = bound.family === 'IPv6'
    const local = `${hexAddress(v6 ? bytesOfIPv6(bound.address) : bound.address.split('.').map(Number))}:${bound.port.toString(16).toUpperCase().padStart(4, '0')}`
    for (const line of read(v6 ? '/proc/net/udp6' : '/proc/net/udp').split('\n')) {
      const columns = line.trim().split(/\s+/)
      if (columns[1] === local) return Number(columns.at(-1))
    }
  } catch {} // no Linux, or no leave to read it
  return undefined
}

/** The kernel prints each word of four bytes as the number that it is to this machine. */
function hexAddress (bytes: readonly number[]): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(4 * i, 4 * i + 4))
  return words.flatMap(word => endianness() === 'LE' ? word.reverse() : word).map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('')
}

function bytesOfIPv6 (address: string): number[] {
  const [plain] = address.split('%')
  // The URL parser writes it without a dotted end.
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] => text === '' ? [] : text.split(':').map(group => parseInt(group, 16))
  const [front, back] = [groups(head), groups(tail)]
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back].flatMap(group => [group >> 8, group & 0xff])
}
