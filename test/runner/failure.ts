import { inspect } from 'node:util'

interface ErrorLike {
  stack: string, code?: string, operator?: string, generatedMessage?: boolean, actual?: unknown, expected?: unknown, cause?: unknown
}

/** No value is shown at greater length. */
const MOST_CHARACTERS = 4_000

/**
 * What a test failed with, as it crossed from the test's process: its stack, what was compared where the message does
 * not say, and its causes.
 */
export function describe (error: unknown): string {
  if (isErrorLike(error) && error.code === 'ERR_TEST_FAILURE') return describe(error.cause ?? error.stack)
  if (!isErrorLike(error)) return shown(error)
  const lines = [cut(own(error.stack))]
  if (error.code === 'ERR_ASSERTION' && error.generatedMessage === false && error.operator !== '==') {
    lines.push(`actual:   ${shown(error.actual)}`, `expected: ${shown(error.expected)}`)
  }
  if (error.cause !== undefined) lines.push(`caused by ${describe(error.cause)}`)
  return lines.join('\n')
}

function isErrorLike (error: unknown): error is ErrorLike {
  return typeof error === 'object' && error !== null && typeof (error as Partial<ErrorLike>).stack === 'string'
}

/** Without the lines of Node's own. */
function own (stack: string): string {
  return stack.split('\n').filter(line => !/^\s+at .*(?:\(node:|<anonymous>\)$)|^\s+at node:/.test(line)).join('\n')
}

function shown (value: unknown): string {
  return cut(typeof value === 'string' ? value : inspect(value, { depth: 8, breakLength: 140 }))
}

function cut (text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)} ... and ${text.length - MOST_CHARACTERS} more characters`
}

export function indented (text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
