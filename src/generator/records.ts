/** A log record in rsyslog, before its template makes JSON of it. */
export interface LogRecord {
  /** RFC 3339. */
  timestamp: string
  host: string
  /** "0" to "7". */
  severity: string
  facility: string
  tag: string
  source: string
  message: string
  /** "" where the record was not read from a file. */
  file: string
  cloud: string
  region: string
}

/**
 * The record as rsyslog's template (`option.jsonf`) writes it, byte for byte. The keys are in this order, a space
 * follows the colon of only the two constants at the end, and a newline comes last. The layout is written down only
 * here.
 */
export function renderRecord (record: LogRecord): string {
  return `{"@timestamp":"${escapeJson(record.timestamp)}", "host":"${escapeJson(record.host)}", ` +
    `"severity":"${escapeJson(record.severity)}", "facility":"${escapeJson(record.facility)}", ` +
    `"tag":"${escapeJson(record.tag)}", "source":"${escapeJson(record.source)}", ` +
    `"message":"${escapeJson(record.message)}", "file":"${escapeJson(record.file)}", ` +
    `"cloud": "${escapeJson(record.cloud)}", "region": "${escapeJson(record.region)}"}\n`
}

const SHORT: Record<string, string> = {
  '"': '\\"', '\\': '\\\\', '/': '\\/', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t'
}

/** rsyslog escapes the slash, too. It leaves characters outside of ASCII as they are. */
export function escapeJson (text: string): string {
  return text.replace(/(?![\u007f-\u009f])["\\/\p{Cc}]/gu, character => {
    return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
