import assert from 'node:assert/strict'
import { UsageError } from '../../src/errors.ts'

/** A call that the command line refuses, with such a message. */
export function refused (parse: () => unknown, message: RegExp): void {
  assert.throws(parse, (error: unknown) => error instanceof UsageError && message.test(error.message), String(message))
}
