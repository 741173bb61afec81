import type { Connection, EventContext } from 'rhea'
import { LokeanError } from '../../errors.ts'
import { ignoreDispositions } from './rhea.ts'
import { ReceivingSession } from './session.ts'

/** Sessions and links that a bus may open by itself over a connection: none is of use to anybody, and rhea answers and keeps each. */
const MAX_FOREIGN = 16

/** Written and not yet taken by the bus: more than the settlement of all that credit can be outstanding for comes to. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/** Keeps what a bus can make this side hold, or do, within bounds; where it goes beyond, the connection has an `error`. */
export function limitPeer (connection: Connection): void {
  let foreign = 0
  const opened = (): void => {
    if (++foreign > MAX_FOREIGN) throw refusal(`the bus opened more than ${MAX_FOREIGN} sessions and links of its own`)
  }
  // Of our own links these events end at the link, which listens.
  connection.on('receiver_open', opened)
  connection.on('sender_open', opened)
  connection.on('session_open', ({ session }: EventContext) => {
    if (session !== undefined && !(ignoreDispositions(session) instanceof ReceivingSession)) opened()
  })
}

/** Throws where the bus has us write and does not read. */
export function checkUnread (writableLength: number): void {
  if (writableLength > MAX_UNREAD_BYTES) throw refusal(`the bus does not read: ${writableLength} bytes wait for it`)
}

function refusal (message: string): LokeanError {
  return new LokeanError('LOKEAN_BUS', message, { retryable: true })
}
