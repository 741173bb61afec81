/**
 * Every error Lokean raises on purpose carries a `code` from this closed list, so that callers decide by field and
 * never by message text. `retryable` says whether the same attempt may succeed later without anybody changing anything.
 */
export type ErrorCode =
  | 'LOKEAN_CONFIG' // a setting is wrong; the process must not start
  | 'LOKEAN_USAGE' // the command line is wrong
  | 'LOKEAN_BUS' // the AMQP peer refused, closed or broke the protocol
  | 'LOKEAN_PUSH' // the embedded Loki cannot listen
  | 'LOKEAN_QUERY' // Loki did not answer a query
  | 'LOKEAN_WORKER' // a worker thread failed on a batch
  | 'LOKEAN_CLOSED' // the stage was closed while work was waiting

export class LokeanError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean

  constructor (code: ErrorCode, message: string, options: { cause?: unknown, retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LokeanError'
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** A wrong setting: which one, and what is allowed. Exit code 78 (EX_CONFIG). */
export class ConfigError extends LokeanError {
  constructor (message: string, cause?: unknown) {
    super('LOKEAN_CONFIG', message, { cause })
    this.name = 'ConfigError'
  }
}

/** A wrong command line. Exit code 64 (EX_USAGE). */
export class UsageError extends LokeanError {
  constructor (message: string) {
    super('LOKEAN_USAGE', message)
    this.name = 'UsageError'
  }
}
