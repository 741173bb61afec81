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
  const owned: Array<{ close (): unknown }> = []
  const own = <T extends { close (): unknown }>(resource: T): T => { owned.unshift(resource); return resource }
  try {
    const loki = own(new LokiAccess(config, options.tenants, context.stopping))
    const marks = own(options.state === undefined ? loki.marks(span.from) : await FileMarks.open(options.state, !options.yes))
    const left = options.left === undefined ? undefined : own(new LeftFile(options.left))
    const tally = new Tally(one => { left?.write(one) })
    const progress = new ProgressLine(context)
    const { deadLetters, yes: sent } = options
    const end = await runReplay({
      config,
      log,
      pages: deadLetters === undefined
        ? searchQuarantine(loki.tenants, options, (tenant, query) => loki.read(tenant, query, span))
        : searchLetters(deadLetters, span, options),
      marks,
      tally,
      dryRun: !sent,
      limit: options.limit,
      stopping: context.stopping,
      onProgress: () => { progress.show(() => progressOf(tally, sent)) }
    })
    progress.end()
    const report = reportOf(tally, span, options, { ...end, seconds: Math.round(performance.now() - start) / 1000 })
    context.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report, deadLetters ?? 'Quarantine in Loki'))
    return tally.complete && !end.stopped && !end.limited && end.error === undefined ? 0 : 1
  } finally {
    for (const resource of owned) await resource.close()
  }
}

function progressOf ({ found, marked, replayed, leftTotal }: Tally, sent: boolean): string {
  const [all, before, done, left] = [found + marked, marked, replayed, leftTotal].map(count => count.toLocaleString('en'))
  return `${all} found, ${before} replayed before, ${done} ${sent ? 'replayed' : 'can be replayed'}, ${left} left`
}
