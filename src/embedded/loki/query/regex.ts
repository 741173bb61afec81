import { Refusal } from '../push/refusal.ts'
import { Re2Fault, Re2Translation } from './re2.ts'

/**
 * Compiles an expression of RE2, Go's regexp, by JavaScript's; gives a Refusal, in Go's words, for what RE2 does not take, and one that
 * says so for what JavaScript cannot do. What RE2 takes in linear time may take JavaScript longer.
 */
export function compileRegex (pattern: string, wrap: (text: string) => string = (text) => text): Refusal | RegExp {
  try {
    const { source, flags } = new Re2Translation(pattern, wrap('') === '' ? '' : 's')
    return new RegExp(wrap(source), flags.has('i') ? 'iu' : 'u')
  } catch (error) {
    if (error instanceof Re2Fault) return new Refusal(400, error.message)
    if (!(error instanceof SyntaxError)) throw error
    if (error.message.includes('character class')) return new Refusal(400, new Re2Fault('invalid character class range', pattern).message)
    return new Refusal(400, `the regular expression \`${pattern}\` is not supported by the embedded Loki`)
  }
}

/** The whole text must match, and `.` matches a newline too. */
export const anchored = (source: string): string => `^(?:${source})$`
