import { backoffMs } from '../backoff.ts'
import type { RetryReason } from './classify.ts'

/** Short pauses notice soon that Loki is back. Only an operator can end what is `blocked`. */
const BASE_MS = 100
const MOST_MS: Record<RetryReason, number> = { 429: 5_000, '5xx': 2_000, timeout: 1_000, connection: 1_000, blocked: 30_000 }

/** The pause before a push is tried again, in ms. `attempt` counts from 0. */
export function pauseMs (reason: RetryReason, attempt: number, random: () => number): number {
  return backoffMs(attempt, BASE_MS, MOST_MS[reason], random)
}
