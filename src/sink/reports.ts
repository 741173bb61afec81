import type { Answer, RetryReason } from './classify.ts'

/** One attempt at a push, for logs and metrics. */
export interface PushReport {
  answer: Answer
  tenant: string
  shard: number
  url: string
  durationMs: number
  parts: number
  records: number
  bytes: number
  rawBytes: number
}

/** A push that is tried again. */
export interface RetryReport {
  tenant: string
  shard: number
  reason: RetryReason
  message: string
  delayMs: number
  hint: string | undefined
  /** A condition holds the push, out of the way of others. */
  held: boolean
  /** False where another shard shared the push, and has reported it. */
  first: boolean
}
