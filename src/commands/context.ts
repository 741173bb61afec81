import type { Writable } from 'node:stream'
import type { Environment } from '../config/load.ts'
import type { FaultHandler } from '../ops/last-resort.ts'

/** What a command is given of the process, so that tests can run it in another one's. */
export interface Context {
  env: Environment
  stdout: Writable
  stderr: Writable
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  /** Aborted by the first SIGTERM or SIGINT: end in order. */
  stopping: AbortSignal
  /** How a fault that nothing caught is told, and what is closed before the process ends of it; the last call holds. */
  onFault: (handle: FaultHandler) => void
}

/** Resolves when the process is asked to stop. */
export async function stopAsked (signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => { signal.addEventListener('abort', () => resolve(), { once: true }) })
}
