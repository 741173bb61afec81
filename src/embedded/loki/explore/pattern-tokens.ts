import { logfmtFields } from '../query/logfmt-fields.ts'

export const variable = '<_>'

/** A line as a list of tokens, and how to write such a list as a text. */
export interface TokenLine {
  tokens: string[]
  write (tokens: readonly string[]): string
}

export type TokenReader = (line: string) => TokenLine | undefined

const mostLineLength = 3000
const mostTokens = 127
const logfmtLine = /^(?:\w+=(?:[^"]\S*?|"[^"]+") )*\w+=(?:[^"]\S*?|"[^"]+")$/
const messageKeys = ['log', 'message', 'msg', 'msg_', '_msg', 'content']
const timeKeys = /^(?:ts|timestamp|time|traceid)$/i

/** How the lines of a stream are read, by its first line. */
export function tokenReader (first: string): TokenReader {
  if (first.startsWith('{') && first.endsWith('}')) return jsonTokens
  return first.length < mostLineLength && logfmtLine.test(first) ? logfmtTokens : textTokens
}

const joined = (text: string): string => text.replaceAll(/(?:<_>){2,}/g, variable)

/** Words, and marks between them. The marks of paths, times and names belong to the words. */
function textTokens (line: string): TokenLine | undefined {
  if (line.length > mostLineLength) return undefined
  const tokens: string[] = []
  const blanks: string[] = []
  for (const [text] of line.matchAll(/ +|[=\p{P}](?<![_\-.:/])|(?:[_\-.:/]|[^ =\p{P}])+/gu)) {
    if (!text.startsWith(' ')) {
      tokens.push(text)
      blanks.push('')
    } else if (tokens.length > 0) blanks[tokens.length - 1] = text
    if (tokens.length > mostTokens) return undefined
  }
  return { tokens, write: (written) => joined(written.map((token, i) => token + blanks[i]!).join('')) }
}

/** Of an object only its message. */
function jsonTokens (line: string): TokenLine | undefined {
  const text = messageOf(line)
  const read = text === undefined ? undefined : textTokens(text)
  return read === undefined ? undefined : { tokens: read.tokens, write: (tokens) => joined(variable + read.write(tokens) + variable) }
}

function messageOf (line: string): string | undefined {
  try {
    const value = JSON.parse(line) as Record<string, unknown>
    const key = messageKeys.find((key) => typeof value[key] === 'string')
    return key === undefined ? undefined : JSON.stringify(value[key]).slice(1, -1)
  } catch {
    return undefined
  }
}

/** Keys and values in turn. A time is no part of a pattern. */
function logfmtTokens (line: string): TokenLine | undefined {
  if (line.length > mostLineLength) return undefined
  const { fields, fault } = logfmtFields(line, true)
  if (fault !== undefined) return undefined
  return { tokens: fields.flatMap(({ key, value }) => [key, timeKeys.test(key) || key === 't' ? variable : value]), write: logfmtText }
}

function logfmtText (tokens: readonly string[]): string {
  const pairs: string[] = []
  for (let i = 0; i < tokens.length; i += 2) {
    const value = tokens[i + 1]!
    pairs.push(`${tokens[i]!}=${/[\0- ="\\]/.test(value) ? JSON.stringify(value) : value}`)
  }
  return joined(pairs.join(' '))
}
