import { type Fields, HOSTNAME, TIMESTAMP } from './fields.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * The text with each backslash in a string that begins no escape doubled, and with control characters in strings
 * escaped. Undefined where there is nothing of that to mend.
 */
export function mendEscapes (text: string): string | undefined {
  const pieces: string[] = []
  let copied = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) inString = !inString
    if (!inString || (code !== BACKSLASH && code >= 0x20)) continue
    ESCAPE.lastIndex = at
    if (ESCAPE.test(text)) at++
    else {
      pieces.push(text.slice(copied, at), JSON.stringify(text[at]).slice(1, -1))
      copied = at + 1
    }
  }
  return copied === 0 ? undefined : pieces.join('') + text.slice(copied)
}

/** A longer value is not looked for. It must be a label's, or a time. */
const MOST_VALUE_BYTES = 4096

/**
 * Fills the fields that quarantine tells of a record, from a record that is no JSON: those that are absent, where their
 * key and a string stand somewhere in the text.
 */
export function findFields (text: string, fields: Fields, place: (bytes: Uint8Array) => number): void {
  for (const slot of new Set([TIMESTAMP, HOSTNAME, ...fields.told.map(({ from }) => from)])) {
    const name = fields.keys[slot]
    const value = name !== undefined && fields.isAbsent(slot) ? valueOf(name, text) : undefined
    if (value === undefined) continue
    const bytes = Buffer.from(value)
    const start = place(bytes)
    fields.set(slot, start, start + bytes.length)
  }
}

function valueOf (name: string, text: string): string | undefined {
  const key = `"${name}"`
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length)) {
    const behind = at + key.length
    const [, string] = /^\s*:\s*("(?:[^"\\]|\\.)*")/s.exec(text.slice(behind, behind + MOST_VALUE_BYTES)) ?? []
    if (string === undefined) continue
    return parsed(string) ?? parsed(mendEscapes(string) ?? string) ?? string.slice(1, -1)
  }
  return undefined
}

function parsed (string: string): string | undefined {
  try {
    return JSON.parse(string) as string
  } catch {
    return undefined
  }
}
