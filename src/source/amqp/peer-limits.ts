import type { Connection as AmqpConnection, EventContext } from 'rhea'
import { LokeanError } from '../../errors.ts'
import { ignoreDispositions } from './rhea.ts'
import { ReceivingSession } from './session.ts'

/**
 * Sessions and links that a bus may open by itself over a connection. Lokean uses none of them, and rhea answers and
 * keeps each.
 */
const MAX_FOREIGN = 16

/**
 * The most bytes that may wait for the bus to read them. To settle all that credit allows takes fewer bytes, so a bus
 * that reads never gets here.
 */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/** Limits what a bus can make Lokean hold or do. Beyond a limit, the connection emits an `error`. */
export function limitPeer (connection: AmqpConnection): void {
  let foreign = 0
  const opened = (): void => {
    if (++foreign > MAX_FOREIGN) throw refusal(`the bus opened more than ${MAX_FOREIGN} sessions and links of its own`)
  }
  // These events do not reach the connection for Lokean's own links: each has a listener, and the event ends there.
  connection.on('receiver_open', opened)
  connection.on('sender_open', opened)
  connection.on('session_open', ({ session }: EventContext) => {
    if (session !== undefined && !(ignoreDispositions(session) instanceof ReceivingSession)) opened()
  })
}

/** Throws where the bus makes Lokean write and does not read. */
export function checkUnread (writableLength: number): void {
  if (writableLength > MAX_UNREAD_BYTES) throw refusal(`the bus does not read: ${writableLength} bytes wait for it`)
}

function refusal (message: string): LokeanError {
  return new LokeanError('LOKEAN_BUS', message, { retryable: true })
}
