import { Refusal } from '../push/refusal.ts'

/**
 * Compiles what RE2 (Go's regexp) and JavaScript share, with RE2's leading flags `(?ims)`, named groups `(?P<x>...)`, `\A` and `\z`.
 * Throws a Refusal for what neither takes. A pattern that RE2 takes in linear time may take JavaScript longer.
 */
export function compileRegex (pattern: string, wrap: (text: string) => string = (text) => text): Refusal | RegExp {
  const leading = /^\(\?([ims]+)\)/.exec(pattern)
  const flags = new Set(leading?.[1] ?? '')
  if (wrap('') !== '') flags.add('s')
  const source = pattern.slice(leading?.[0].length ?? 0).replaceAll('(?P<', '(?<').replace(/\\([Az])/g, (_, letter: string) => letter === 'A' ? '^' : '$')
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(wrap(source), [...flags, unicode].join(''))
    } catch (error) {
      // With `u`, JavaScript refuses escapes such as `\-` that RE2 takes: once more without, before it counts as a fault.
      if (unicode === '') return new Refusal(400, regexFault(pattern, error as Error))
    }
  }
  throw new Error('unreachable')
}

function regexFault (pattern: string, error: Error): string {
  const unclosed = error.message.includes('Unterminated group')
  const reason = unclosed ? 'missing closing )' : error.message.replace(/^.*: (?=[^:]*$)/, '').toLowerCase()
  return `error parsing regexp: ${reason}: \`${pattern}\``
}

/** The whole text must match, and `.` matches a newline too. */
export const anchored = (source: string): string => `^(?:${source})$`
