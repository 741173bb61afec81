import { isIPv4 } from 'node:net'

/** Whether what goes to the host, which may be in brackets, stays on this machine. */
export function isLoopback (host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}
