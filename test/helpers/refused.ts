import assert from 'node:assert/strict'
import { UsageError } from '../../src/errors.ts'

/** Checks that the command line refuses a call with this message. */
export function refused (parse: () => unknown, message: RegExp): void {
  assert.throws(parse, (error: unknown) => error instanceof UsageError && message.test(error.message), String(message))
}
