import { z } from 'zod'
import { Secret } from '../secret.ts'

/** A parser throws this error. Its message completes the sentence `NAME is "value": ...`. */
export class InvalidValue extends Error {}

/** Makes a schema of a parser, which returns the value or throws InvalidValue. */
export function parsedBy<T> (parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
}

/** Splits at commas and trims the entries. Throws InvalidValue where an entry is empty. */
export function splitList (text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim())
  const empty = entries.indexOf('')
  if (empty >= 0) throw new InvalidValue(`must be a comma-separated list without empty entries (number ${empty + 1} is empty)`)
  return entries
}

/** The first entry that occurs twice, if any. */
export function firstDuplicate (entries: readonly string[]): string | undefined {
  return entries.find((entry, index) => entries.indexOf(entry) !== index)
}

/** SASL PLAIN cannot carry NUL, and HTTP basic authentication cannot carry any control character. */
const control = /\p{Cc}/u

export const username = z.string().max(256, 'must be at most 256 characters')
  .refine((text) => !control.test(text), 'must not contain control characters')

/** RFC 7617: the first colon ends the user name. */
export const basicUsername = username.refine((text) => !text.includes(':'), 'must not contain a colon')

export const password = z.string().refine((text) => !control.test(text), 'must not contain control characters')
  .transform((text) => new Secret(text))

/** A bearer token goes into a header as it is. RFC 6750 allows fewer characters, but not all servers keep to it. */
export const bearerToken = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .transform((text) => new Secret(text))

/** A directory, or undefined for `off`. */
export const directoryOrOff = z.string().refine((text) => !text.includes('\0'), 'must be a directory or off')
  .transform((text) => text === 'off' ? undefined : text)
