/** All use of rhea beyond its types. rhea's version is pinned; no other file reaches into rhea's objects. */
import type { Socket } from 'node:net'
import { createRequire } from 'node:module'
import rhea, { type Connection as AmqpConnection, type ConnectionOptions, type Receiver, type Session } from 'rhea'
import { checkFrame } from './frame-check.ts'

const require = createRequire(import.meta.url)

interface Frames {
  disposition (fields: object): object
  read_frame (bytes: Buffer): object
}

/** Makers of AMQP performatives (spec 2.7), and the reader of frames. All of rhea's connections share them. */
export const frames = require('rhea/lib/frames.js') as Frames

/** Makers of outcomes (spec 3.4), as described types. */
export const message = require('rhea/lib/message.js') as { accepted (): { described (): unknown } }

const readFrame = frames.read_frame
frames.read_frame = bytes => {
  checkFrame(bytes)
  return readFrame(bytes)
}

/** The part of rhea's session that its two halves write with. */
export interface FrameWriter { output (frame: object): void }

interface ConnectionInternals {
  socket?: Socket
  remote_channel_map: Record<number, { incoming: unknown } | undefined>
  input (bytes: Buffer): void
  dispatch (event: string, error: unknown): void
  heartbeat_in?: NodeJS.Timeout
  local: { close: { error?: object } }
  _register (): void
}

interface SessionInternals {
  incoming: { on_disposition (): void }
  outgoing: { on_disposition (): void }
  local: { begin: { incoming_window: number } }
}

interface LinkInternals {
  credit: number
  delivery_count: number
  issue_flow: boolean
  connection: ConnectionInternals
  remote: { attach: RemoteAttach }
}

/** The peer's own end of a link, as its attach frame describes it (spec 2.7.3). */
export interface RemoteAttach { handle: number, initial_delivery_count?: number }

interface Mechanisms {
  enable_anonymous (name: string): void
  enable_external (): void
  PLAIN?: () => object
}

/** The SASL mechanisms of a client; none is enabled yet. */
export function clientMechanisms (): Mechanisms {
  return rhea.sasl.client_mechanisms()
}

/** A connection in a container of its own, not connected yet. */
export function createConnection (options: object): AmqpConnection {
  return rhea.create_container().create_connection(options as unknown as ConnectionOptions)
}

export function socketOf (connection: AmqpConnection): Socket | undefined {
  return internals(connection).socket
}

/**
 * Makes rhea read one or more whole frames. Until the connection is open, give it one frame at a time: rhea forgets the
 * bytes that follow SASL's outcome.
 */
export function inputFrames (connection: AmqpConnection, bytes: Buffer): void {
  internals(connection).input(bytes)
}

/** Restarts the timer after which rhea closes the connection of a silent peer. rhea itself does so at each input. */
export function refreshHeartbeat (connection: AmqpConnection): void {
  internals(connection).heartbeat_in?.refresh()
}

/** Whether rhea has closed the connection with an error. It does so only where the peer was silent for too long. */
export function closedWithError (connection: AmqpConnection): boolean {
  return internals(connection).local.close.error !== undefined
}

/** The receiving half of the session on the peer's `channel`. */
export function receivingHalf (connection: AmqpConnection, channel: number): unknown {
  return internals(connection).remote_channel_map[channel]?.incoming
}

/** Makes rhea write, on the next tick, the frames that its sessions and links have to send. */
export function requestWrite (connection: AmqpConnection): void {
  internals(connection)._register()
}

/** Replaces rhea's own receiving half of a session with another, before the session begins. */
export function adoptReceivingHalf (session: Session, half: { window: number }): void {
  const { local } = session as unknown as SessionInternals
  Object.assign(session, { incoming: half })
  local.begin.incoming_window = half.window
}

/**
 * Makes the session ignore the peer's dispositions, and returns its receiving half. Lokean sends no messages, and
 * nothing depends on which side settles first. rhea would count through all ids of a disposition, up to four billion.
 */
export function ignoreDispositions (session: Session): unknown {
  const { incoming, outgoing } = session as unknown as SessionInternals
  incoming.on_disposition = outgoing.on_disposition = () => {}
  return incoming
}

/** The connection has an `error`, as if rhea had found it. */
export function raiseError (connection: AmqpConnection, error: unknown): void {
  (connection as unknown as ConnectionInternals).dispatch('error', error)
}

/** Empty where the peer attached its end without a source, of which rhea's types know nothing. */
export function sourceAddress (receiver: { source?: { address?: string } }): string {
  return receiver.source?.address ?? ''
}

/** The counters of a link (spec 2.6.7). They may be written. */
export function linkCounters (receiver: Receiver): { credit: number, delivery_count: number } {
  return receiver as unknown as LinkInternals
}

export function remoteAttach (receiver: Receiver): RemoteAttach {
  return (receiver as unknown as LinkInternals).remote.attach
}

/** Makes rhea write a flow frame with the link's credit and the session's window, once the link is attached. */
export function requestFlow (receiver: Receiver): void {
  const link = receiver as unknown as LinkInternals
  link.issue_flow = true
  link.connection._register()
}

function internals (connection: AmqpConnection): ConnectionInternals {
  return connection as unknown as ConnectionInternals
}
