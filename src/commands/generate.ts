import type { LoadOptions } from '../cli/arguments.ts'
import { loadConfig } from '../config/load.ts'
import { startBusThread } from '../generator/bus-thread.ts'
import type { Context } from './context.ts'
import { runLoad } from './load.ts'

/**
 * Sends synthetic logs to the bus of the settings, as many machines with omamqp1 would. The exit code is 1 where the
 * bus did not accept all.
 */
export async function generate (context: Context, options: LoadOptions & { connections: number }): Promise<number> {
  const { config, warnings } = loadConfig(context.env)
  for (const warning of warnings) context.stderr.write(`lokean: ${warning}\n`)
  const thread = await startBusThread()
  try {
    const { sent, accepted, rejected, released, modified, resent, seconds, seed } = await runLoad(context, options, config, thread)
    const recordsPerSecond = Math.round(accepted / seconds)
    const report = {
      sent, accepted, rejected, released, modified, resent, seconds: Math.round(seconds * 1000) / 1000, recordsPerSecond, seed
    }
    if (options.json) context.stdout.write(`${JSON.stringify(report)}\n`)
    else {
      context.stdout.write(`${sent.toLocaleString('en')} records sent, ${accepted.toLocaleString('en')} accepted, ${rejected.toLocaleString('en')} rejected, ` +
        `${resent.toLocaleString('en')} sent again, in ${report.seconds} s (${recordsPerSecond.toLocaleString('en')} records/s, seed ${seed})\n`)
    }
    return accepted === sent ? 0 : 1
  } finally {
    await thread.close()
  }
}
