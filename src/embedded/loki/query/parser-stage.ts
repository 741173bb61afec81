import { jsonFields } from './json-fields.ts'
import { logfmtFields } from './logfmt-fields.ts'
import type { Parser } from './logql-ast.ts'
import { hasLabel, setParsed, type Piped } from './piped.ts'

/** A label's name made of a key of the line. Empty where the key is blank. */
export function labelNameOf (path: readonly string[]): string {
  const name = path.filter((part) => part.trim() !== '').map((part) => part.trim().replace(/[^a-zA-Z0-9_]/g, '_')).join('_')
  return /^\d/.test(name) ? `_${name}` : name
}

/** Adds to an entry the labels that a parser finds in its line, and `__error__` where the line is not of its kind. */
export function parseLine (parser: Parser, line: string, piped: Piped): void {
  if (parser.extractions.length > 0) return extract(parser, line, piped)
  if (parser.format === 'json') {
    const { fields, fault } = jsonFields(line)
    for (const { path, value } of fields) add(piped, labelNameOf(path), value)
    if (fault !== undefined) setError(piped, 'JSONParserErr', fault)
  } else {
    const { fields, fault } = logfmtFields(line, parser.strict)
    for (const { key, value } of fields) if (value !== '' || parser.keepEmpty) add(piped, labelNameOf([key]), value)
    if (fault !== undefined) setError(piped, 'LogfmtParserErr', fault)
  }
}

/** The first error of an entry stays. */
export function setError (piped: Piped, error: string, details: string): void {
  if (piped.parsed.some(({ name }) => name === '__error__')) return
  setParsed(piped, '__error__', error)
  if (details !== '') setParsed(piped, '__error_details__', details)
}

function add (piped: Piped, name: string, value: string): void {
  if (name !== '') setParsed(piped, hasLabel(piped, name) ? `${name}_extracted` : name, value)
}

/** `| json a="b.c"`: the named labels alone, empty where the line has nothing for them. */
function extract ({ format, extractions, strict }: Parser, line: string, piped: Piped): void {
  if (format === 'json' && !/^["{[]/.test(line)) {
    if (line !== '') setError(piped, 'JSONParserErr', '')
    return
  }
  const found = format === 'json' ? undefined : logfmtFields(line, strict)
  const whole = format === 'json' ? jsonValue(line) : undefined
  for (const { name, path } of extractions) {
    const value = found === undefined ? valueAt(whole, path) : found.fields.find(({ key }) => labelNameOf([key]) === path[0])?.value
    add(piped, name, value ?? '')
  }
  if (found?.fault !== undefined) setError(piped, 'LogfmtParserErr', found.fault)
}

function jsonValue (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function valueAt (whole: unknown, path: readonly string[]): string {
  let value = whole
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return ''
    value = (value as Record<string, unknown>)[key]
  }
  return value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}
