import type { Socket } from 'node:net'
import type { Fate, Parcel } from './load.ts'

/** What a session uses of its connection. */
export interface Carrier {
  readonly socket: Socket
  /** The most messages that may wait for an answer. */
  readonly window: number
  /** The next message, where one may be sent now. `pump` is called again when there may be another. */
  next (): Parcel | undefined
  settle (parcel: Parcel, fate: Fate): void
  /** Gives the connection up. A new one is opened, with a session of its own. */
  fail (error: Error): void
  /** Calls `callback` after `ms`, unless the function that it returns is called, or the connection is closed. */
  later (ms: number, callback: () => void): () => void
}

/** One protocol's part of one connection, from the moment that the socket is connected. */
export interface Session {
  pump (): void
  /** Throws where the peer breaks the protocol. */
  read (bytes: Buffer): void
  /** The connection is lost. Returns what must be sent again, in order, and settles nothing of it any more. */
  lost (): Parcel[]
  /** Ends in order. The socket closes when all is said. */
  end (): void
}
