import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Load } from './load.ts'

export interface ConnectionOptions {
  url: string
  load: Load
  /** The most unsettled messages. */
  window: number
  tls?: TlsOptions
  /** Calls `callback` after `ms` milliseconds. The function that it returns cancels the call. */
  timer: (ms: number, callback: () => void) => () => void
  onSettled: () => void
  onRetry: (error: Error, delay: number) => void
}

/**
 * Carries messages of a load to a peer. It opens itself again whenever it is lost, and sends again what was unsettled.
 */
export interface Connection {
  /** Sends as many messages as the peer allows. Must be called when there are new messages. */
  pump (): void
  /** Closes in order, and resolves when the socket is closed. Unsettled messages stay unsettled. */
  close (): Promise<void>
}

const BACKOFF = { first: 50, most: 5_000 }

/**
 * Milliseconds until a lost connection is opened again, and until a message that comes back repeatedly is sent again.
 * Doubled each time.
 */
export function backoff (attempt: number): number {
  return Math.min(BACKOFF.most, BACKOFF.first * 2 ** (attempt - 1))
}
