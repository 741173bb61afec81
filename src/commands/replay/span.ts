import type { ReplayOptions } from '../../cli/arguments.ts'
import type { Config } from '../../config/config.ts'
import { oldestLetter } from './dead-letters.ts'
import type { Span } from './quarantine.ts'

const NANOS = 1_000_000n

/**
 * When what is replayed was put aside. It ends now at the latest: what this run itself might put aside is not read. It
 * begins, unless the command line says so, where the first dead letter was written, or where the oldest record was put
 * aside that Loki still takes.
 */
export async function spanOf (options: ReplayOptions, config: Config, nowMs: number): Promise<Span> {
  const now = BigInt(nowMs) * NANOS
  const to = options.to !== undefined && options.to < now ? options.to : now
  if (options.from !== undefined) return { from: options.from, to }
  if (options.sinceMs !== undefined) return { from: now - BigInt(options.sinceMs) * NANOS, to }
  const oldest = options.deadLetters === undefined ? undefined : await oldestLetter(options.deadLetters)
  return { from: oldest === undefined ? now - BigInt(config.loki.maxAgeMs) * NANOS : BigInt(oldest) * NANOS, to }
}
