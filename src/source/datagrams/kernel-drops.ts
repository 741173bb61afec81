import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'

/** The place where a UDP socket is bound, in Node's words. */
export interface Bound { address: string, port: number, family: string }

/**
 * Datagrams that came while the socket's receive buffer was full, since the socket was made: the `drops` column of
 * /proc/net/udp or udp6. Undefined where there is no such file or line.
 */
export function kernelDrops (bound: Bound, read: (path: string) => string = path => readFileSync(path, 'latin1')): number | undefined {
  try {
    const v6 = bound.family === 'IPv6'
    const bytes = v6 ? bytesOfIPv6(bound.address) : bound.address.split('.').map(Number)
    const local = `${hexAddress(bytes)}:${hex(bound.port, 4)}`
    for (const line of read(v6 ? '/proc/net/udp6' : '/proc/net/udp').split('\n')) {
      const columns = line.trim().split(/\s+/)
      if (columns[1] === local) return Number(columns.at(-1))
    }
  } catch {} // no Linux, or no permission
  return undefined
}

/** The kernel prints each four bytes of an address as one number, in the byte order of the machine. */
function hexAddress (bytes: readonly number[]): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.slice(4 * i, 4 * i + 4))
  return words.flatMap(word => endianness() === 'LE' ? word.reverse() : word).map(byte => hex(byte, 2)).join('')
}

function hex (value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

function bytesOfIPv6 (address: string): number[] {
  const [plain] = address.split('%')
  // The URL parser writes the address without an IPv4 part at its end.
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] => text === '' ? [] : text.split(':').map(group => parseInt(group, 16))
  const [front, back] = [groups(head), groups(tail)]
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back].flatMap(group => [group >> 8, group & 0xff])
}
