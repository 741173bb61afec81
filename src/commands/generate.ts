import type { GenerateOptions } from '../cli/arguments.ts'
import { loadConfig } from '../config/load.ts'
import { startLoadThread } from '../generator/bus-thread.ts'
import type { Context } from './context.ts'
import { busTarget, type LoadTarget, runLoad, urlTarget } from './load.ts'

/**
 * Sends synthetic logs, as many machines would: to the bus of the settings as with omamqp1, or to the URL of `--url` as
 * with omrelp or omfwd. The exit code is 1 where not all was accepted, or written where nothing is acknowledged.
 */
export async function generate (context: Context, options: GenerateOptions): Promise<number> {
  const target = options.url === undefined ? settingsTarget(context, options.hosts) : urlTarget(options.url, options)
  const thread = await startLoadThread()
  try {
    const { unsettled: _, seconds, seed, ...counts } = await runLoad(context, options, target, thread)
    const { sent, accepted, rejected, written, resent } = counts
    const recordsPerSecond = Math.round((accepted + written) / seconds)
    const report = { ...counts, seconds: Math.round(seconds * 1000) / 1000, recordsPerSecond, seed }
    const number = (value: number): string => value.toLocaleString('en')
    context.stdout.write(options.json
      ? `${JSON.stringify(report)}\n`
      : `${number(sent)} records sent, ${number(accepted)} accepted, ${number(rejected)} rejected, ` +
        `${number(resent)} sent again, in ${report.seconds} s (${number(recordsPerSecond)} records/s, seed ${seed})\n` +
        (written > 0 ? `${number(written)} were written to the connection. Syslog acknowledges nothing: what became of them is not known here.\n` : ''))
    return accepted + written === sent ? 0 : 1
  } finally {
    await thread.close()
  }
}

function settingsTarget (context: Context, hosts: number): LoadTarget {
  const { config, warnings } = loadConfig(context.env)
  for (const warning of warnings) context.stderr.write(`lokean: ${warning}\n`)
  return busTarget(config, hosts)
}
