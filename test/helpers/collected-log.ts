import { createLogger, type Logger } from '../../src/log.ts'

/** A line of the log as an operator's tools read it. */
export type LogLine = Record<string, unknown> & { level: string, msg: string }

/** The real logger, which writes into an array. */
export function collectedLog (): { log: Logger, lines: LogLine[] } {
  const lines: LogLine[] = []
  const log = createLogger({ level: 'debug', destination: { write (line) { lines.push(JSON.parse(line) as LogLine) } } })
  return { log, lines }
}
