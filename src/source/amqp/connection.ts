import { isIP } from 'node:net'
import type { Connection } from 'rhea'
import type { Secret } from '../../secret.ts'
import { MAX_FRAME_SIZE } from './credit.ts'
import { limitPeer } from './peer-limits.ts'
import { clientMechanisms, closedWithError, createConnection, inputFrames, raiseError, receivingHalf, refreshHeartbeat } from './rhea.ts'
import { ReceivingSession } from './session.ts'
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
  const mechanisms = clientMechanisms()
  if (external) mechanisms.enable_external()
  else if (username !== undefined) mechanisms.PLAIN = () => plain(username, password?.reveal() ?? '')
  else mechanisms.enable_anonymous('anonymous')
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    hostname: endpoint.host,
    transport: endpoint.tls ? 'tls' : 'tcp',
    connect: connectReading(endpoint.tls, {
      onFrame: frame => { if (!transferred(connection, frame)) inputFrames(connection, frame) },
      onRead: () => refreshHeartbeat(connection),
      onError: error => raiseError(connection, error)
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
  const connection: Connection = createConnection(options)
  limitPeer(connection)
  return connection.connect()
}

/** The PLAIN mechanism (RFC 4616). rhea's own counts characters where bytes are meant, and so cuts what is not ASCII. */
function plain (username: string, password: string): object {
  return { start: (respond: (error: undefined, response: Buffer) => void) => respond(undefined, Buffer.from(`\0${username}\0${password}`)) }
}

/** In words, that this is why the connection has ended; undefined where it is not. */
export function wentSilent (connection: Connection): string | undefined {
  return !closedWithError(connection) ? undefined : `nothing came from the bus for ${2 * IDLE_TIMEOUT_MS / 1000} s, not even a heartbeat`
}

/** Hands a transfer to the subscription whose it is, past rhea; false where it is none, or nobody's. */
function transferred (connection: Connection, frame: Buffer): boolean {
  const transfer = readTransfer(frame)
  if (transfer === undefined) return false
  const session = receivingHalf(connection, transfer.channel)
  if (!(session instanceof ReceivingSession) || !session.takes(transfer.handle)) return false
  session.transfer(transfer)
  return true
}
