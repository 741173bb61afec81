import { isIP } from 'node:net'
import type { Connection as AmqpConnection } from 'rhea'
import type { Secret } from '../../secret.ts'
import { MAX_FRAME_SIZE } from './credit.ts'
import { limitPeer } from './peer-limits.ts'
import { clientMechanisms, closedWithError, createConnection, inputFrames, raiseError, receivingHalf, refreshHeartbeat } from './rhea.ts'
import { ReceivingSession } from './session.ts'
import { connectReading } from './socket.ts'
import { readTransfer } from './transfer.ts'

/** `servername`: see ClientOptions. */
export interface BusHost { host: string, port: number, tls: boolean, servername?: string }

export interface Credentials {
  username?: string
  password?: Secret
  ca?: string
  cert?: string
  key?: Secret
}

/**
 * The bus is asked to send something at least this often (spec 2.4.5). rhea closes the connection after twice as long
 * without input.
 */
const IDLE_TIMEOUT_MS = 10_000

/**
 * Opens one connection. rhea's own reconnecting is off: each connection is a new object, so that delivery ids, links
 * and credit of an old connection cannot be mistaken for those of the new one.
 *
 * SASL follows the bus's own clients: EXTERNAL with a certificate and no user name, PLAIN with user name and password,
 * else ANONYMOUS.
 */
export function connect (busHost: BusHost, credentials: Credentials, containerId: string): AmqpConnection {
  const { username, password, ca, cert, key } = credentials
  const external = busHost.tls && cert !== undefined && username === undefined
  const mechanisms = clientMechanisms()
  if (external) mechanisms.enable_external()
  else if (username !== undefined) mechanisms.PLAIN = () => plain(username, password?.reveal() ?? '')
  else mechanisms.enable_anonymous('anonymous')
  const options = {
    host: busHost.host,
    port: busHost.port,
    hostname: busHost.host,
    transport: busHost.tls ? 'tls' : 'tcp',
    connect: connectReading(busHost.tls, {
      onFrame: frame => { if (!transferred(connection, frame)) inputFrames(connection, frame) },
      onRead: () => refreshHeartbeat(connection),
      onError: error => raiseError(connection, error)
    }),
    ...(busHost.tls ? { ca, cert, key: key?.reveal(), servername: nameOf(busHost) } : {}),
    sasl_mechanisms: mechanisms,
    sasl_init_hostname: busHost.host,
    container_id: containerId,
    max_frame_size: MAX_FRAME_SIZE,
    idle_time_out: IDLE_TIMEOUT_MS,
    channel_max: 1023,
    tcp_no_delay: true,
    reconnect: false,
    properties: { product: 'lokean' },
    // Only Lokean opens links. Over a link that the bus opens, Lokean gives no credit and accepts nothing.
    receiver_options: { credit_window: 0, autoaccept: false }
  }
  const connection: AmqpConnection = createConnection(options)
  limitPeer(connection)
  return connection.connect()
}

/** The bus's name in TLS, which is no address. */
function nameOf ({ host, servername }: BusHost): string {
  return servername ?? (isIP(host) === 0 ? host : '')
}

/**
 * The PLAIN mechanism (RFC 4616). rhea's own counts characters instead of bytes, and so cuts names and passwords that
 * are not ASCII.
 */
function plain (username: string, password: string): object {
  return { start: (respond: (error: undefined, response: Buffer) => void) => respond(undefined, Buffer.from(`\0${username}\0${password}`)) }
}

/** Says in words that the connection ended because the bus was silent; undefined where it ended for another reason. */
export function wentSilent (connection: AmqpConnection): string | undefined {
  return !closedWithError(connection) ? undefined : `nothing came from the bus for ${2 * IDLE_TIMEOUT_MS / 1000} s, not even a heartbeat`
}

/**
 * Hands a transfer frame to the session that its link belongs to, without rhea. Returns false where the frame is no
 * transfer, or where no session of Lokean's has the link.
 */
function transferred (connection: AmqpConnection, frame: Buffer): boolean {
  const transfer = readTransfer(frame)
  if (transfer === undefined) return false
  const session = receivingHalf(connection, transfer.channel)
  if (!(session instanceof ReceivingSession) || !session.takes(transfer.handle)) return false
  session.transfer(transfer)
  return true
}
