import { isMainThread } from 'node:worker_threads'

/**
 * Is preloaded into a program (`--import`). A signal then causes an error in the main thread. The error holds a secret.
 */
export const FAULT = { NODE_OPTIONS: `--import=${import.meta.url}`, LOKEAN_LOG_LEVEL: 'info' }

/** The same error comes out of a command: where it prints its result, or begins to wait for a signal. */
export const FAULT_IN_COMMAND = { ...FAULT, TEST_FAULT_IN_COMMAND: '1' }

const error = (): Error => new Error('not foreseen: amqp://guest:hunter2@bus/')

if (isMainThread && process.env.NODE_OPTIONS?.includes(import.meta.url) === true) {
  process.on('SIGUSR2', () => { throw error() })
  process.on('SIGHUP', () => { void Promise.reject(error()) })
  if (process.env.TEST_FAULT_IN_COMMAND === '1') {
    failInCommand(process.stdout, 'write')
    failInCommand(AbortSignal.prototype, 'addEventListener')
  }
}

/** The method throws where a file of `commands` calls it. */
function failInCommand<K extends string> (object: Record<K, (...args: never[]) => unknown>, method: K): void {
  const original = object[method]
  object[method] = function (this: unknown, ...args: never[]) {
    const caller = new Error().stack?.split('\n')[2] ?? ''
    if (caller.includes('/commands/')) throw error()
    return original.apply(this, args)
  }
}
