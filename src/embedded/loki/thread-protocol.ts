export interface ReconcileOptions {
  /** The text directly before the number, for example ` seq=`. */
  marker: string
  /** How many numbers there should be, from 0 on. Default: up to the largest number found. */
  expected?: number
  /** Default: `fake`, the tenant of a Loki without authentication. */
  tenant?: string
}

export interface LinesOptions {
  /** A log query, for example `{source="sudo"} |= "root"`. */
  query: string
  limit?: number
  tenant?: string
}

export interface StoredLine {
  labels: Record<string, string>
  /** In ns since 1970. */
  time: string
  line: string
}

/** Requests to the thread. Each has an `id`, which its answer repeats. */
export type ThreadRequest =
  | { kind: 'stats' }
  | { kind: 'reconcile', options: ReconcileOptions }
  | { kind: 'lines', options: LinesOptions }
  | { kind: 'close' }

export type ThreadMessage =
  | { kind: 'listening', url: string, port: number }
  | { kind: 'failed', error: string }
  | { kind: 'answer', id: number, value?: unknown, error?: string }
