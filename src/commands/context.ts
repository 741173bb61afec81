import type { Writable } from 'node:stream'
import type { Environment } from '../config/setting-text.ts'
import type { FaultHandler } from '../ops/last-resort.ts'

/** What a command uses of the process. A test can pass its own. */
export interface Context {
  env: Environment
  /** Reads the environment and `--env-file` again. Throws ConfigError. */
  readEnv: () => Environment
  stdout: Writable
  stderr: Writable
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  /** The first SIGTERM or SIGINT aborts it: the command must then end in order. */
  stopping: AbortSignal
  /** Sets what a SIGHUP does. */
  onHangup: (handle: () => void) => void
  /** Sets the handler of an unexpected fault, which ends the process (ops/last-resort.ts). The last call holds. */
  onFault: (handle: FaultHandler) => void
}

/** Resolves when the process is asked to stop. */
export async function stopAsked (signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => { signal.addEventListener('abort', () => resolve(), { once: true }) })
}
