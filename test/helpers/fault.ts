import { isMainThread } from 'node:worker_threads'

/**
 * Is preloaded into a program (`--import`). A signal then causes an error in the main thread. The error holds a secret.
 */
export const FAULT = { NODE_OPTIONS: `--import=${import.meta.url}`, LOKEAN_LOG_LEVEL: 'info' }

const error = (): Error => new Error('not foreseen: amqp://guest:hunter2@bus/')

if (isMainThread && process.env.NODE_OPTIONS?.includes(import.meta.url) === true) {
  process.on('SIGUSR2', () => { throw error() })
  process.on('SIGHUP', () => { void Promise.reject(error()) })
}
