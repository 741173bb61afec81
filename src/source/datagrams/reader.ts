/** Reads datagrams for the main thread, in a thread or a process of its own. */
export interface DatagramReader {
  /** Whether the socket is bound. */
  readonly listening: boolean
  /**
   * Nothing is read before this call. `used` is the part of the limit, in cost, that the reader may not use now. The
   * limit was given when the reader was opened.
   */
  start (used: number): void
  /** Must be called when less of the limit is used than before. */
  grant (used: number): void
  /** Reads the datagrams that the kernel has, as far as grants allow, and then calls `stopped`. */
  stop (): void
  /** Datagrams that are not read yet are lost. */
  close (): Promise<void>
  /** Datagrams that the kernel has dropped at this socket. Undefined where the kernel does not say, or drops none. */
  drops (): number | undefined
}

/** Calls from a reader. */
export interface ReaderEvents {
  /** A delivery of the format `records`, and its cost. */
  message (message: Uint8Array, cost: number): void
  /** The reader has stopped, as it was told to. */
  stopped (): void
  /** The reader cannot go on. */
  failed (reason: string): void
}
