/** What crosses between the main thread and the thread that reads a UDP socket. */

/** The thread gets these values when it starts. */
export interface DatagramSetup {
  host: string
  port: number
  /** The size to ask the kernel for (SO_RCVBUF). */
  receiveBuffer: number
  /**
   * One word: all cost (see message.ts) that the thread may lease from its start on, modulo 2^32. It is 0 before the
   * first grant.
   */
  granted: SharedArrayBuffer
}

export type DatagramReport =
  | { kind: 'listening', address: string, port: number, family: string, receiveBuffer: number }
  /** `cost` is leased from the budget. */
  | { kind: 'message', message: Uint8Array, cost: number }
  | { kind: 'failed', code: string, text: string }
  /** The thread has stopped, as it was told to. */
  | { kind: 'stopped' }
