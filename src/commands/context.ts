import type { Writable } from 'node:stream'
import type { Environment } from '../config/load.ts'
import type { FaultHandler } from '../ops/last-resort.ts'

/** What a command uses of the process. A test can pass its own. */
export interface Context {
  env: Environment
  stdout: Writable
  stderr: Writable
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  /** The first SIGTERM or SIGINT aborts it: the command must then end in order. */
  stopping: AbortSignal
  /** Sets the handler of an unexpected fault, which ends the process (ops/last-resort.ts). The last call holds. */
  onFault: (handle: FaultHandler) => void
}

/** Resolves when the process is asked to stop. */
export async function stopAsked (signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => { signal.addEventListener('abort', () => resolve(), { once: true }) })
}
