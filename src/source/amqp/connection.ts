import { isIP, type Socket } from 'node:net'
import rhea, { type Connection, type ConnectionOptions } from 'rhea'
import type { Secret } from '../../secret.ts'
import { MAX_FRAME_SIZE } from './credit.ts'
import { Incoming } from './session.ts'
import { limitPeer } from './peer-limits.ts'
import { connectReading } from './socket.ts'
import { readTransfer } from './transfer.ts'

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
  const mechanisms = rhea.sasl.client_mechanisms() as unknown as { enable_anonymous (name: string): void, enable_external (): void, PLAIN?: () => object }
  if (external) mechanisms.enable_external()
  else if (username !== undefined) mechanisms.PLAIN = () => plain(username, password?.reveal() ?? '')
  else mechanisms.enable_anonymous('anonymous')
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    hostname: endpoint.host,
    transport: endpoint.tls ? 'tls' : 'tcp',
    connect: connectReading(endpoint.tls, {
      onFrame: frame => { if (!transferred(connection, frame)) internals(connection).input(frame) },
      onRead: () => internals(connection).heartbeat_in?.refresh(),
      onError: error => connection.dispatch('error', error)
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
  limitPeer(connection)
  return connection.connect()
}

/** The PLAIN mechanism (RFC 4616). rhea's own counts characters where bytes are meant, and so cuts what is not ASCII. */
function plain (username: string, password: string): object {
  return { start: (respond: (error: undefined, response: Buffer) => void) => respond(undefined, Buffer.from(`\0${username}\0${password}`)) }
}

interface Internals {
  socket?: Socket
  remote_channel_map: Record<number, { incoming: unknown } | undefined>
  /** Reads frames, one or more and whole ones: not more than one before the connection is open, or it forgets what follows SASL's outcome. */
  input (bytes: Buffer): void
  /** Closes the connection of a peer that is silent for too long. rhea sets it anew at each input. */
  heartbeat_in?: NodeJS.Timeout
  /** What is said with a close of ours: rhea itself closes only where the peer was silent for too long, and we never say an error. */
  local: { close: { error?: object } }
}

export function internals (connection: Connection): Internals {
  return connection as never
}

/** In words, that this is why the connection has ended; undefined where it is not. */
export function wentSilent (connection: Connection): string | undefined {
  return internals(connection).local.close.error === undefined ? undefined : `nothing came from the bus for ${2 * IDLE_TIMEOUT_MS / 1000} s, not even a heartbeat`
}

/** Hands a transfer to the subscription whose it is, past rhea; false where it is none, or nobody's. */
function transferred (connection: Connection, frame: Buffer): boolean {
  const transfer = readTransfer(frame)
  if (transfer === undefined) return false
  const incoming = internals(connection).remote_channel_map[transfer.channel]?.incoming
  if (!(incoming instanceof Incoming) || !incoming.takes(transfer.handle)) return false
  incoming.transfer(transfer)
  return true
}
