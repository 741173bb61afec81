import { type Loaded, logLevelOf } from '../config/load.ts'
import type { Logger } from '../log.ts'
import type { Context } from './context.ts'

/**
 * Looks at the files of the settings at once, and takes the log level from the environment and `--env-file` as they are
 * now. Where that file is wrong, the level stays.
 */
export function reload ({ readEnv }: Pick<Context, 'readEnv'>, credentials: Pick<Loaded['credentials'], 'refresh'>, log: Logger): void {
  credentials.refresh()
  try {
    const logLevel = logLevelOf(readEnv())
    const tell = (): void => log.info({ logLevel }, 'SIGHUP: looked at the files of the settings, and at the log level')
    const quieter = (log.levels.values[logLevel] ?? Infinity) > log.levelVal
    if (quieter) tell()
    log.level = logLevel
    if (!quieter) tell()
  } catch (error) {
    log.warn({ reason: (error as Error).message }, 'SIGHUP: the log level stays as it was')
  }
}
