import { createReadStream } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import { Explainer } from '../../worker/explain.ts'
import type { Context } from '../context.ts'
import { ProgressLine } from '../progress-line.ts'
import { linesOf } from './lines.ts'

/** So many lines count as one message: a line may continue one of its message. */
const MESSAGE_LINES = 1000
const PROGRESS_LINES = 50_000
const SAMPLES = 10
const SAMPLE_CHARACTERS = 200

/** What Lokean makes of a log file: its lines by format and level. */
interface LogReport {
  lines: number
  /** Lines of no known format. Those that continue the one before them are no fault. */
  unknown: number
  continued: number
  formats: Record<string, Record<string, number>>
  samples: string[]
}

/** Reads a log file, or NDJSON of records as rsyslog writes them, and prints its lines by format and level. */
export async function checkLog (context: Context, config: Config, path: string, json: boolean): Promise<number> {
  const explainer = new Explainer(encoderSettings(config))
  const report: LogReport = { lines: 0, unknown: 0, continued: 0, formats: {}, samples: [] }
  const progress = new ProgressLine(context)
  for await (const line of linesOf(createReadStream(path))) {
    if (report.lines % MESSAGE_LINES === 0) explainer.nextMessage()
    if (report.lines % PROGRESS_LINES === PROGRESS_LINES - 1) progress.show(() => `${report.lines + 1} lines`)
    report.lines++
    count(report, explainer, line, path)
  }
  progress.end()
  context.stdout.write(json ? `${JSON.stringify({ ok: true, ...report })}\n` : described(path, report))
  return 0
}

function count (report: LogReport, explainer: Explainer, line: Buffer, path: string): void {
  const isRecord = line[0] === 0x7b && line.includes('"message"') && line.includes('"@timestamp"')
  const text = line.toString()
  const record = isRecord ? line : Buffer.from(JSON.stringify({ message: text, file: path }))
  const { format, level, from } = explainer.explain(record) ?? { format: undefined, level: undefined, from: undefined }
  if (from?.level === 'record before') report.continued++
  else if (format === undefined) {
    report.unknown++
    if (report.samples.length < SAMPLES) report.samples.push(text.slice(0, SAMPLE_CHARACTERS))
  }
  const byLevel = report.formats[format ?? 'none'] ??= {}
  byLevel[level ?? 'none'] = (byLevel[level ?? 'none'] ?? 0) + 1
}

function described (path: string, { lines, unknown, continued, formats, samples }: LogReport): string {
  const share = lines === 0 ? '0' : (unknown / lines * 100).toFixed(1)
  const total = (byLevel: Record<string, number>): number => Object.values(byLevel).reduce((sum, count) => sum + count, 0)
  return [
    `${path}: ${lines} lines; ${unknown} of no known format (${share} %), ${continued} that continue the one before`, '',
    ...Object.entries(formats).sort(([, a], [, b]) => total(b) - total(a)).map(([format, byLevel]) => {
      const levels = Object.entries(byLevel).sort(([, a], [, b]) => b - a).map(([level, count]) => `${level} ${count}`)
      return `${String(total(byLevel)).padStart(9)}  ${format}: ${levels.join(', ')}`
    }),
    ...(samples.length === 0 ? [] : ['', 'Lines of no known format:', ...samples.map(sample => `  ${JSON.stringify(sample)}`)]),
    ''
  ].join('\n')
}
