/** Calls from a wire. */
export interface WireEvents {
  /** Bytes have come. They are valid until the call returns. */
  bytes (chunk: Buffer): void
  /** How many bytes the next read may bring at most, where the wire can tell. */
  readonly nextRead: number
  /** The peer will send no more. */
  ended (): void
  /** All that was written has left. */
  drained (): void
  /** The connection is closed. Called once, and last. */
  closed (error: Error | undefined): void
}

/** One connection's bytes, in both directions. It begins paused. */
export interface Wire {
  /** Bytes that are written and have not left. */
  readonly unsent: number
  readonly paused: boolean
  resume (): void
  /** No bytes come any more, but for those that TLS has decrypted. */
  pause (): void
  write (text: string): void
  /** Closes the connection behind what is written. */
  end (): void
  destroy (): void
}
