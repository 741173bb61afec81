/** A fault that a push meets. Tests use it to try a client's retries. */
export type Fault =
  /** Answers with this status and text. The push is stored only where `stored` is true. */
  | { kind: 'answer', status: number, headers?: Record<string, string>, text?: string, stored?: boolean }
  /**
   * Closes the socket: before the push is stored, after it is stored and before an answer, or in the middle of the
   * answer to a stored push.
   */
  | { kind: 'close', when: 'before-store' | 'after-store' | 'mid-response' }
  /**
   * Sends nothing until `release` settles, then goes on as usual. The push is stored before the wait where `stored` is
   * true, else after it, also where the client has given up meanwhile.
   */
  | { kind: 'hang', release: Promise<unknown>, stored?: boolean }

/** A push as it came. `attempt` counts all pushes of the server from 1. `body` is still compressed. */
export interface PushAttempt {
  tenant: string
  attempt: number
  body: Buffer
}

export type Intercept = (push: PushAttempt) => Fault | undefined | Promise<Fault | undefined>
