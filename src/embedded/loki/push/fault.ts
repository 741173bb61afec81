/** What happens to a push instead of, or beside, the usual: for tests of a client's retries. */
export type Fault =
  /** Answers this. The push is not stored unless `stored`; the body is `text`, if any. */
  | { kind: 'answer', status: number, headers?: Record<string, string>, text?: string, stored?: boolean }
  /** Closes the socket: before the push is stored, after that but before any answer, or in the middle of an answer of a stored push. */
  | { kind: 'close', when: 'before-store' | 'after-store' | 'mid-response' }
  /**
   * Says nothing until `release` settles, then goes on as usual; the push is stored before the wait if `stored`, else after it, also where
   * the client has given up meanwhile.
   */
  | { kind: 'hang', release: Promise<unknown>, stored?: boolean }

/** A push as it came: `attempt` counts all pushes of the server from 1, `body` is still compressed. */
export interface PushAttempt {
  tenant: string
  attempt: number
  body: Buffer
}

export type Intercept = (push: PushAttempt) => Fault | undefined | Promise<Fault | undefined>
