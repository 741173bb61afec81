import type { Label } from '../store/label-set.ts'

/**
 * Loki's `log_level_fields`. The first of them in the labels, else in the metadata, gives the level as it is written.
 */
const levelFields = ['level', 'LEVEL', 'Level', 'Severity', 'severity', 'SEVERITY', 'lvl', 'LVL', 'Lvl']

const levelWords: Record<string, string> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  fatal: 'fatal'
}

/** OpenTelemetry's severity numbers: the largest of each level. */
const severityNumbers: ReadonlyArray<readonly [number, string]> = [
  [4, 'trace'], [8, 'debug'], [12, 'info'], [16, 'warn'], [20, 'error'], [24, 'fatal']
]

/** The `detected_level` that Loki adds to an entry's structured metadata; undefined where it adds none. */
export function detectLevel (labels: readonly Label[], metadata: readonly Label[], line: () => string): string | undefined {
  const given = firstOf(labels) ?? firstOf(metadata)
  if (given !== undefined) return given === '' ? undefined : given
  const severity = metadata.find(({ name }) => name === 'severity_number')?.value
  if (severity !== undefined && severity !== '') return fromSeverityNumber(severity)
  return fromLine(line())
}

function firstOf (labels: readonly Label[]): string | undefined {
  for (const field of levelFields) {
    const label = labels.find(({ name }) => name === field)
    if (label !== undefined) return label.value
  }
  return undefined
}

function fromSeverityNumber (text: string): string {
  if (!/^[+-]?\d+$/.test(text)) return 'info'
  const number = Number(text)
  if (number === 0) return 'unknown'
  return severityNumbers.find(([largest]) => number <= largest)?.[1] ?? 'unknown'
}

function fromLine (line: string): string {
  const trimmed = line.trim()
  let value = ''
  if (trimmed.startsWith('{') && trimmed.endsWith('}')) value = jsonLevel(trimmed)
  else if (line.includes('=')) value = logfmtLevel(line)
  const word = value.toLowerCase()
  return Object.hasOwn(levelWords, word) ? levelWords[word]! : fromText(line)
}

function jsonLevel (line: string): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return ''
  }
  for (const field of levelFields) if (Object.hasOwn(parsed as object, field)) return String((parsed as Record<string, unknown>)[field])
  return ''
}

function logfmtLevel (line: string): string {
  let best = levelFields.length
  let value = ''
  for (const [, key, quoted, bare] of line.matchAll(/([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/g)) {
    const rank = levelFields.findIndex((field) => field.toLowerCase() === key!.toLowerCase())
    if (rank < 0 || rank >= best) continue
    best = rank
    value = quoted ?? bare ?? ''
  }
  return value
}

function fromText (line: string): string {
  const has = (...words: string[]): boolean => words.some((word) => line.includes(word))
  if (has('info', 'INFO')) return 'info'
  if (has('err:', 'ERR:', 'error', 'ERROR')) return 'error'
  if (has('warn:', 'WARN:', 'warning', 'WARNING')) return 'warn'
  if (has('CRITICAL:', 'critical:')) return 'critical'
  if (has('debug:', 'DEBUG:')) return 'debug'
  return 'unknown'
}
