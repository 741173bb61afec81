import { LokeanError } from '../../errors.ts'

/** How a thread failed: the task ended with an error; the thread died of it; it gave no answer in time, and was replaced. */
export const WORKER_FAILURES = ['threw', 'died', 'hung'] as const
export type WorkerFailureKind = typeof WORKER_FAILURES[number]

export class WorkerFailure extends LokeanError {
  readonly kind: WorkerFailureKind

  constructor (kind: WorkerFailureKind, message: string, cause: unknown) {
    super('LOKEAN_WORKER', message, { cause, retryable: true })
    this.kind = kind
  }
}
