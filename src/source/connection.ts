import { isIP, type Socket } from 'node:net'
import rhea, { type Connection, type ConnectionOptions } from 'rhea'
import type { Secret } from '../config/secret.ts'
import { MAX_FRAME_SIZE } from './credit.ts'
import { connectReusing } from './socket.ts'

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

/** `AMQP`, protocol id, version (spec 2.2). */
const HEADER_BYTES = 8

/**
 * Opens one connection, without rhea's own reconnecting: each connection is an object of its own, so that nothing of an old one
 * (delivery ids, links, credit) can be mistaken for the new one's.
 *
 * SASL as the bus's own clients do it: EXTERNAL with a certificate and no user name, PLAIN with user name and password, else
 * ANONYMOUS. `afterRead` is called behind each read from the socket.
 */
export function connect (endpoint: Endpoint, credentials: Credentials, containerId: string, afterRead: (connection: Connection) => void = () => {}): Connection {
  const { username, password, ca, cert, key } = credentials
  const external = endpoint.tls && cert !== undefined && username === undefined
  const mechanisms = rhea.sasl.client_mechanisms() as unknown as { enable_anonymous (name: string): void, enable_external (): void, PLAIN?: () => object }
  if (external) mechanisms.enable_external()
  else if (username !== undefined) mechanisms.PLAIN = () => plain(username, password?.reveal() ?? '')
  else mechanisms.enable_anonymous('anonymous')
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    hostname: endpoint.host,
    transport: endpoint.tls ? 'tls' : 'tcp',
    connect: connectReusing(endpoint.tls, () => connection, () => {
      readOn(connection)
      afterRead(connection)
    }),
    ...(endpoint.tls ? { ca, cert, key: key?.reveal(), servername: isIP(endpoint.host) === 0 ? endpoint.host : '' } : {}),
    sasl_mechanisms: mechanisms,
    sasl_init_hostname: endpoint.host,
    container_id: containerId,
    max_frame_size: MAX_FRAME_SIZE,
    idle_time_out: IDLE_TIMEOUT_MS,
    channel_max: 1023,
    tcp_no_delay: true,
    reconnect: false,
    properties: { product: 'lokean' },
    // Links are ours to open: over one that the bus opens by itself, nothing is asked for and nothing accepted.
    receiver_options: { credit_window: 0, autoaccept: false }
  }
  const connection: Connection = rhea.create_container().create_connection(options as unknown as ConnectionOptions)
  return connection.connect()
}

/** The PLAIN mechanism (RFC 4616). rhea's own counts characters where bytes are meant, and so cuts what is not ASCII. */
function plain (username: string, password: string): object {
  return { start: (respond: (error: undefined, response: Buffer) => void) => respond(undefined, Buffer.from(`\0${username}\0${password}`)) }
}

interface Internals {
  socket?: Socket
  /** Of the frame that rhea waits for the rest of. */
  frame_size?: number
  /** What rhea could not make anything of by itself. */
  previous_input?: Buffer | null
  sasl_transport?: { transport: { read_complete: boolean } }
  amqp_transport: { header_received?: object }
  input (bytes: Buffer): void
  heartbeat_in?: NodeJS.Timeout
  idle (): void
}

export function internals (connection: Connection): Internals {
  return connection as never
}

/**
 * Behind each read. rhea leaves what came in one read with the outcome of SASL until more comes; but a bus that has sent its `open`
 * along with it may wait for us then, as we for it.
 */
function readOn (connection: Connection): void {
  watchSilence(connection)
  const { previous_input: rest, sasl_transport: sasl, amqp_transport: amqp } = internals(connection)
  const left = sasl?.transport.read_complete === true && amqp.header_received === undefined && (rest?.length ?? 0) >= HEADER_BYTES
  if (left) internals(connection).input(Buffer.alloc(0))
}

/**
 * rhea stops its watch over the peer's silence at each read and, where a frame goes on beyond its second read, does not start it again: a
 * network that is cut just then would never be noticed.
 */
function watchSilence (connection: Connection): void {
  const rhea = internals(connection)
  if (rhea.frame_size === undefined) return
  clearTimeout(rhea.heartbeat_in)
  rhea.heartbeat_in = setTimeout(() => rhea.idle(), 2 * IDLE_TIMEOUT_MS)
}
