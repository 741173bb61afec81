import type { DropRule, RedactRule } from '../worker/messages/settings.ts'
import { Pattern } from '../worker/redaction/pattern.ts'
import { markerOf, Redactor } from '../worker/redaction/redactor.ts'
import { firstDuplicate, InvalidValue, parsedBy, splitList } from './text.ts'

const MAX_RULES = 16
/** Fewer bytes are in too many lines, and no secret is told by more. */
const [MIN_TEXT_BYTES, MAX_TEXT_BYTES] = [3, 256]
const MAX_PATTERN_LENGTH = 1024
/** The name of a rule is a label of metrics, and part of what stands in a redacted line. */
const NAME = /^[a-z][a-z0-9_-]{0,31}$/
const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const

const CONDITIONS: Readonly<Record<string, (value: string) => string>> = {
  level: value => {
    if (!isLevel(value)) throw new InvalidValue(`must have a level of ${LEVELS.join(', ')} behind level= (${JSON.stringify(value)})`)
    return value
  },
  source: nonEmpty,
  host: nonEmpty,
  text: literal
}

/** Rules that drop records: a name, then conditions. */
export const dropRules = parsedBy((text) => checkRules(splitList(text).map((entry): DropRule => {
  const [name = '', ...conditions] = entry.split(';').map(part => part.trim())
  if (conditions.length === 0) throw new InvalidValue(`must have conditions behind the name of each rule, as debug;level=debug (${JSON.stringify(entry)})`)
  const pairs = conditions.map((condition): [string, string] => {
    const [key = ''] = condition.split('=', 1)
    const parse = Object.hasOwn(CONDITIONS, key) ? CONDITIONS[key] : undefined
    if (parse === undefined) throw new InvalidValue(`must have ${Object.keys(CONDITIONS).join('=, ')}= behind each ; (${JSON.stringify(condition)})`)
    return [key, parse(condition.slice(key.length + 1))]
  })
  const twice = firstDuplicate(pairs.map(([key]) => key))
  if (twice !== undefined) throw new InvalidValue(`must have each condition once for a rule (${JSON.stringify(twice)} is there twice for ${JSON.stringify(name)})`)
  return { name, ...Object.fromEntries(pairs) }
})))

/** A rule that redacts, and what is behind it. A slash in the pattern stands behind a backslash. */
const REDACT_RULE = /^\s*([^,;]*?)\s*;\s*text=([^,;]*);\s*pattern=\/((?:[^\\/]|\\.)*)\/\s*(?:,(?=.)|$)/s

/** Rules that redact: a name, a literal and a pattern each. */
export const redactRules = parsedBy((text) => {
  const rules: RedactRule[] = []
  for (let rest = text; rest !== '';) {
    const [all = '', name = '', given = '', pattern = ''] = REDACT_RULE.exec(rest) ?? []
    if (all === '') throw new InvalidValue(`must be rules as token;text=X-Auth-Token;pattern=/X-Auth-Token: (\\S+)/, comma-separated (${JSON.stringify(rest)})`)
    rules.push({ name, text: literal(given), pattern })
    rest = rest.slice(all.length)
  }
  for (const rule of checkRules(rules)) checkPattern(rule)
  const redactor = new Redactor(rules)
  const again = rules.find(rule => redactor.find(Buffer.from(markerOf(rule))).length > 0)
  if (again !== undefined) throw new InvalidValue(`must not match what stands in the place of a match, which is ${markerOf(again)}: choose another name (${JSON.stringify(again.name)})`)
  return rules
})

function checkRules<R extends { name: string }> (rules: readonly R[]): readonly R[] {
  const odd = rules.find(({ name }) => !NAME.test(name))
  if (odd !== undefined) throw new InvalidValue(`must have names of rules that match ${NAME.source} (${JSON.stringify(odd.name)})`)
  const twice = firstDuplicate(rules.map(({ name }) => name))
  if (twice !== undefined) throw new InvalidValue(`must have each name once (${JSON.stringify(twice)} is there twice)`)
  if (rules.length > MAX_RULES) throw new InvalidValue(`must have at most ${MAX_RULES} rules (there are ${rules.length})`)
  return rules
}

/**
 * A pattern is looked for in longer texts too, as in a record that nobody could read. So it cannot ask where a text
 * begins or ends.
 */
function checkPattern ({ name, pattern }: RedactRule): void {
  const fail = (reason: string): never => { throw new InvalidValue(`must have patterns ${reason} (${JSON.stringify(name)})`) }
  if (pattern.length > MAX_PATTERN_LENGTH) fail(`of at most ${MAX_PATTERN_LENGTH} characters`)
  let compiled: Pattern
  try {
    compiled = new Pattern(pattern)
  } catch (error) {
    return fail(`of RE2: ${(error as Error).message}`)
  }
  if (/\\[AzQ]/.test(pattern.replace(/\\\\/g, '')) || /[\^$]/.test(withoutClasses(pattern))) fail('without ^, $, \\A, \\z and \\Q')
  if (compiled.matchesNothing) fail('that match no empty text')
}

/** The pattern without what a backslash or brackets quote. */
function withoutClasses (pattern: string): string {
  return pattern.replace(/\\./gs, 'x').replace(/\[\^?\]?(?:\[:\^?\w+:\]|[^\]])*\]/g, '')
}

function literal (value: string): string {
  const bytes = Buffer.byteLength(value)
  if (bytes < MIN_TEXT_BYTES || bytes > MAX_TEXT_BYTES) throw new InvalidValue(`must have ${MIN_TEXT_BYTES} to ${MAX_TEXT_BYTES} bytes behind text= (${JSON.stringify(value)} has ${bytes})`)
  return value
}

function nonEmpty (value: string): string {
  if (value === '') throw new InvalidValue('must have a value behind each =')
  return value
}

function isLevel (value: string): value is typeof LEVELS[number] {
  return LEVELS.some(level => level === value)
}
