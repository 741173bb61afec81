/** Reads datagrams for the main thread, in a thread or a process of its own. */
export interface DatagramReader {
  /** Whether the socket is bound. */
  readonly listening: boolean
  /** Nothing is read before this call. `room` is the cost that the reader may deliver before the next grant. */
  start (room: number): void
  /** Must be called when there is more room than before. No message comes during the call. */
  grant (room: number): void
  /** Whether a message may come before the next grant. */
  canDeliver (): boolean
  /** Reads the datagrams that the kernel has, as far as grants allow, and then calls `stopped`. */
  stop (): void
  /** Datagrams that are not read yet are lost. */
  close (): Promise<void>
  /** Datagrams that the kernel has dropped at this socket. Undefined where the kernel does not say, or drops none. */
  drops (): number | undefined
}

/** Calls from a reader. */
export interface ReaderEvents {
  /** A delivery of the format `syslog`, and its cost. */
  message (message: Uint8Array, cost: number): void
  /** The reader has stopped, as it was told to. */
  stopped (): void
  /** The reader cannot go on. */
  failed (reason: string): void
}
