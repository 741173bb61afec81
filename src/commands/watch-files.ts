import type { Config } from '../config/config.ts'
import { endingSoon } from '../config/expiry.ts'
import type { Loaded } from '../config/load.ts'
import type { Logger } from '../log.ts'

/** Nothing that is in a file is older than 30 s, the time for which a file may not be settled included. */
const LOOK_MS = 10_000
const DAY_MS = 86_400_000

interface Options {
  config: Pick<Config, 'certificateEnds'>
  credentials: Pick<Loaded['credentials'], 'log' | 'refresh'>
  log: Pick<Logger, 'info' | 'warn'>
  /** Runs something periodically. Returns what ends that. */
  every?: (ms: number, run: () => void) => () => void
  now?: () => number
}

/**
 * Looks at the files of the settings every few seconds, whether somebody connects or not. Warns of certificates that
 * end soon: now, and each day. Returns what ends it.
 */
export function watchFiles ({ config, credentials, log, every = periodically, now = Date.now }: Options): () => void {
  credentials.log = log
  const warn = (): void => {
    for (const line of endingSoon(config.certificateEnds.current, now())) log.warn(line)
  }
  warn()
  const ends = [every(LOOK_MS, () => credentials.refresh()), every(DAY_MS, warn)]
  return () => { for (const end of ends) end() }
}

function periodically (ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref()
  return () => clearInterval(timer)
}
