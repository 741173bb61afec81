/** What the main thread needs of whatever reads datagrams for it, in a thread or a process of its own. */
export interface DatagramReader {
  /** Whether the socket is bound. */
  readonly listening: boolean
  /** Reads nothing before; `used` of the limit that it was opened with is out, in cost. */
  start (used: number): void
  /** Some of what was out has come back. */
  grant (used: number): void
  /** Reads what the kernel has, as far as grants go, and then `stopped`. */
  stop (): void
  /** Whatever has not been read is lost. */
  close (): Promise<void>
  /** Datagrams that the kernel has dropped at this socket; undefined where it does not tell, or drops none. */
  drops (): number | undefined
}

/** What a reader tells. */
export interface ReaderEvents {
  /** A delivery of the format `records`, and what it takes of the budget. */
  message (message: Uint8Array, cost: number): void
  /** It was told to stop, and has. */
  stopped (): void
  /** It cannot go on. */
  failed (reason: string): void
}
