import { loadConfig } from '../config/load.ts'
import { createLogger } from '../log.ts'
import { Problems } from '../ops/page/problems.ts'
import { startService } from '../pipeline/service.ts'
import { type Context, stopAsked } from './context.ts'
import { reload } from './reload.ts'
import { watchFiles } from './watch-files.ts'

/**
 * Runs the daemon until it is asked to stop. The exit code is 0 even where the drain timeout ends it: nothing is lost
 * then.
 */
export async function run (context: Context): Promise<number> {
  const { config, warnings, credentials } = loadConfig(context.env)
  const problems = new Problems()
  const log = createLogger({ level: config.logLevel, onProblem: line => problems.add(line) })
  for (const warning of warnings) log.warn(warning)
  const unwatch = watchFiles({ config, credentials, log })
  context.onHangup(() => reload(context, credentials, log))
  const tell = (err: unknown): void => log.fatal({ err }, 'a fault that nothing caught: the process ends, and what is in flight stays with the bus')
  context.onFault(fault => tell(fault))
  const service = await startService(config, log, problems)
  context.onFault(async fault => {
    tell(fault)
    await service.close()
  })
  await Promise.race([stopAsked(context.stopping), service.pipeline.failed])
  await service.stop()
  unwatch()
  return 0
}
