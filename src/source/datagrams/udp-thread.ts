/** What the main thread and the one that reads a UDP socket say to each other. */

/** Given to the thread when it starts. */
export interface DatagramSetup {
  host: string
  port: number
  /** Asked of the kernel (SO_RCVBUF). */
  receiveBuffer: number
  /** Cost that may be out at a time, see message.ts. */
  limit: number
  /**
   * One word: all cost that has been given back since the start, modulo 2^32. It begins at -limit, so that the thread may read nothing
   * until it is told to.
   */
  returned: SharedArrayBuffer
}

export type DatagramReport =
  | { kind: 'listening', address: string, port: number, family: string, receiveBuffer: number }
  /** `cost`: what it takes of the budget. */
  | { kind: 'message', message: Uint8Array, cost: number }
  | { kind: 'failed', code: string, text: string }
  /** It was told to stop, and has. */
  | { kind: 'stopped' }
