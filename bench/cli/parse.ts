import { UsageError } from '../../src/errors.ts'

/**
 * An argument that parseArgs refuses is the caller's mistake. Only the first sentence is kept: the rest explains how to
 * pass such a word as an argument.
 */
export function parse<T> (read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}

/** Reads an option that takes a whole number. Returns undefined where the option was not given. */
export function whole (name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not '${text}'`)
  return value
}
