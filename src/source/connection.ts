import { isIP, type Socket } from 'node:net'
import rhea, { type Connection, type ConnectionOptions } from 'rhea'
import type { Secret } from '../config/secret.ts'
import { FRAME_BYTES } from './credit.ts'

export interface Endpoint { host: string, port: number, tls: boolean }

export interface Credentials {
  username?: string
  password?: Secret
  ca?: string
  cert?: string
  key?: Secret
}

/** Silence for twice this long closes the connection; the bus is asked to send something within it (spec 2.4.5). */
const IDLE_TIMEOUT_MS = 10_000

/**
 * Opens one connection, without rhea's own reconnecting: each connection is an object of its own, so that nothing of an old one
 * (delivery ids, links, credit) can be mistaken for the new one's.
 *
 * SASL as the bus's own clients do it: EXTERNAL with a certificate and no user name, PLAIN with user name and password, else
 * ANONYMOUS.
 */
export function connect (endpoint: Endpoint, credentials: Credentials, containerId: string): Connection {
  const { username, password, ca, cert, key } = credentials
  const external = endpoint.tls && cert !== undefined && username === undefined
  const mechanisms = rhea.sasl.client_mechanisms() as unknown as { enable_anonymous (name: string): void, enable_plain (user: string, password: string): void, enable_external (): void }
  if (external) mechanisms.enable_external()
  else if (username !== undefined) mechanisms.enable_plain(username, password?.reveal() ?? '')
  else mechanisms.enable_anonymous('anonymous')
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    hostname: endpoint.host,
    transport: endpoint.tls ? 'tls' : 'tcp',
    ...(endpoint.tls ? { ca, cert, key: key?.reveal(), servername: isIP(endpoint.host) === 0 ? endpoint.host : '' } : {}),
    sasl_mechanisms: mechanisms,
    sasl_init_hostname: endpoint.host,
    container_id: containerId,
    max_frame_size: FRAME_BYTES,
    idle_time_out: IDLE_TIMEOUT_MS,
    channel_max: 1023,
    tcp_no_delay: true,
    reconnect: false,
    properties: { product: 'lokean' }
  }
  return rhea.create_container().connect(options as unknown as ConnectionOptions)
}

/** The socket under a connection, and where rhea keeps the size of a frame that it waits for the rest of. */
export function internals (connection: Connection): { socket?: Socket, frame_size?: number } {
  return connection as never
}
