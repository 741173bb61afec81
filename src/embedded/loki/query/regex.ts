import { Refusal } from '../push/refusal.ts'
import { Re2Fault, Re2Translation } from './re2.ts'

/**
 * Compiles an expression of RE2, Go's regexp, to one of JavaScript's. Returns a Refusal in Go's words where RE2 does
 * not take the expression, and one that says so where JavaScript cannot express it. RE2 matches in linear time;
 * JavaScript may take longer.
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

/** The whole text must match, and `.` also matches a newline. */
export const anchored = (source: string): string => `^(?:${source})$`
