import type { ReplayOptions } from '../../cli/arguments.ts'
import { loadConfig } from '../../config/load.ts'
import { createLogger } from '../../log.ts'
import type { Context } from '../context.ts'
import { ProgressLine } from '../progress-line.ts'
import { FileMarks } from './file-marks.ts'
import { LeftFile } from './left-file.ts'
import { LokiAccess } from './loki-access.ts'
import { describe, reportOf } from './report.ts'
import { runReplay } from './run.ts'
import { searchLetters, searchQuarantine } from './search.ts'
import { spanOf } from './span.ts'
import { Tally } from './tally.ts'

/**
 * Sends what lies in quarantine or in dead-letter files through the pipeline again. Without `yes`, it only tells what
 * would become of each record. The exit code is 1 where a record is left.
 */
export async function replay (context: Context, options: ReplayOptions): Promise<number> {
  const { config, warnings } = loadConfig({ LOKEAN_LOG_LEVEL: 'warn', ...context.env })
  const log = createLogger({ level: config.logLevel, destination: 'stderr' })
  for (const warning of warnings) log.warn(warning)
  const start = performance.now()
  const span = await spanOf(options, config, Date.now())
  const loki = new LokiAccess(config, options.tenants, context.stopping)
  const left = options.left === undefined ? undefined : new LeftFile(options.left)
  const marks = options.state === undefined ? loki.marks(span.from) : await FileMarks.open(options.state, !options.yes)
  const tally = new Tally(one => { left?.write(one) })
  const progress = new ProgressLine(context)
  try {
    const { deadLetters } = options
    const end = await runReplay({
      config,
      log,
      pages: deadLetters === undefined
        ? searchQuarantine(loki.tenants, options, (tenant, query) => loki.read(tenant, query, span))
        : searchLetters(deadLetters, span, options),
      marks,
      tally,
      dryRun: !options.yes,
      limit: options.limit,
      stopping: context.stopping,
      onProgress: () => { progress.show(() => progressOf(tally, options.yes)) }
    })
    progress.end()
    const report = reportOf(tally, span, options, { ...end, seconds: Math.round(performance.now() - start) / 1000 })
    context.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report, deadLetters ?? 'Quarantine in Loki'))
    return tally.complete && !end.stopped && !end.limited && end.error === undefined ? 0 : 1
  } finally {
    left?.close()
    await marks.close()
    await loki.close()
  }
}

function progressOf ({ found, replayed, leftTotal }: Tally, sent: boolean): string {
  const [all, done, left] = [found, replayed, leftTotal].map(count => count.toLocaleString('en'))
  return `${all} found, ${done} ${sent ? 'replayed' : 'can be replayed'}, ${left} left`
}
