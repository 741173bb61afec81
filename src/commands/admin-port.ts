import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import type { Config } from '../config/config.ts'
import { formatHostPort } from '../config/endpoints.ts'
import { PROBES } from '../ops/admin.ts'

type AdminConfig = Config['admin']

/** The admin port as this machine reaches it, where it listens on all interfaces. */
export function localUrl ({ host, port, access: { current: { cert } } }: AdminConfig): string {
  return `${cert === undefined ? 'http' : 'https'}://${formatHostPort(localHost(host), port)}`
}

/** Asks what listens on LOKEAN_ADMIN_ADDR. Rejects where nothing does, or where it does not answer in time. */
export async function askAdmin (admin: AdminConfig, path: string, timeoutMs: number): Promise<{ status: number, body: string }> {
  const { cert, token } = admin.access.current
  const signal = AbortSignal.timeout(timeoutMs)
  const socket = connectTcp({ host: localHost(admin.host), port: admin.port, signal })
  // Errors also reject what waits.
  socket.on('error', () => {})
  try {
    await once(socket, 'connect', { signal })
    const wire = cert === undefined ? socket : await ownTls(socket, cert, signal)
    const headers = token === undefined || PROBES.includes(path) ? {} : { authorization: `Bearer ${token.reveal()}` }
    const asked = request(localUrl(admin) + path, { protocol: 'http:', createConnection: () => wire, headers, signal })
    asked.on('error', () => {})
    asked.end()
    const [response] = await once(asked, 'response', { signal }) as [IncomingMessage]
    return { status: response.statusCode ?? 0, body: await text(response) }
  } finally {
    socket.destroy()
  }
}

/**
 * The certificate bears the name by which others reach the port, and not this one. So whoever shows the certificate of
 * the settings itself is the one.
 */
async function ownTls (socket: Socket, cert: string, signal: AbortSignal): Promise<Socket> {
  const wire = connectTls({ socket, rejectUnauthorized: false })
  wire.on('error', () => {})
  await once(wire, 'secureConnect', { signal })
  if (wire.getPeerX509Certificate()?.raw.equals(new X509Certificate(cert).raw) === true) return wire
  throw new Error('it shows another certificate than that of LOKEAN_ADMIN_CERT')
}

function localHost (host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
}
