import { LokeanError } from '../../errors.ts'

/**
 * How a thread failed. `threw`: the task threw an error. `died`: the thread ended. `hung`: it gave no answer in time.
 */
export const WORKER_FAILURES = ['threw', 'died', 'hung'] as const
export type WorkerFailureKind = typeof WORKER_FAILURES[number]

export class WorkerFailure extends LokeanError {
  readonly kind: WorkerFailureKind

  constructor (kind: WorkerFailureKind, message: string, cause: unknown) {
    super('LOKEAN_WORKER', message, { cause, retryable: true })
    this.kind = kind
  }
}
