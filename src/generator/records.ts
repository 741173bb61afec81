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

/** The facilities of RFC 5424 by their numbers, as rsyslog calls them. */
const FACILITIES = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'
]

/**
 * The record as rsyslog's RSYSLOG_SyslogProtocol23Format writes it, byte for byte (RFC 5424). It has no place for the
 * file, the cloud and the region.
 */
export function renderSyslog ({ timestamp, host, severity, facility, tag, source, message }: LogRecord): string {
  const priority = FACILITIES.indexOf(facility) * 8 + Number(severity)
  const pid = /\[(\d+)\]:?$/.exec(tag)?.[1] ?? '-'
  return `<${priority}>1 ${timestamp} ${host} ${source} ${pid} - - ${message}\n`
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
