#!/usr/bin/env node
// This import must stay the first. It decides how much memory all others may take.
import { letYoungGenerationGrow } from './ops/heap.ts'
import { parseCommand } from './cli/arguments.ts'
import type { Context } from './commands/context.ts'
import { ConfigError, LokeanError, UsageError } from './errors.ts'
import { LastResort } from './ops/last-resort.ts'
import { VERSION } from './version.ts'

/** A command failed for a reason that it tells. */
const FAILED = 1
/** From sysexits.h, as EX_SOFTWARE of the last resort. */
const EX_USAGE = 64
const EX_CONFIG = 78

/** The first signal asks to end in order, the second ends at once. */
function onSignals (): AbortSignal {
  const stopping = new AbortController()
  for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130]] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(code)
      stopping.abort()
    })
  }
  return stopping.signal
}

/**
 * `run` looks at its files again. Where a terminal goes, or before `run` is up, SIGHUP ends the process as it always
 * does.
 */
function onHangup (handle: () => void): void {
  if (process.stdout.isTTY) return
  process.on('SIGHUP', handle)
}

/** Reads the environment, and the file of `--env-file`, as they are at each call. */
async function envReader (file: string | undefined): Promise<Context['readEnv']> {
  if (file === undefined) return () => process.env
  const { withEnvFile } = await import('./config/load.ts')
  return () => withEnvFile(process.env, file)
}

async function main (): Promise<number> {
  const command = parseCommand(process.argv.slice(2))
  // Each command loads its own code, so that a health probe and --version start fast.
  if (command.command === 'help') return print((await import('./cli/help.ts')).helpText(command.topic))
  if (command.command === 'version') return print(`lokean ${VERSION}\n`)
  const readEnv = await envReader(command.envFile)
  const context: Context = {
    env: readEnv(),
    readEnv,
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    stopping: onSignals(),
    onHangup,
    onFault: handle => lastResort.use(handle)
  }
  if (command.command === 'demo' || command.command === 'generate') letYoungGenerationGrow()
  switch (command.command) {
    case 'run': return await (await import('./commands/run.ts')).run(context)
    case 'demo': return await (await import('./commands/demo/demo.ts')).demo(context, command)
    case 'check': return command.health
      ? await (await import('./commands/health.ts')).checkHealth(context)
      : await (await import('./commands/check/check.ts')).check(context, command)
    case 'replay': return await (await import('./commands/replay/replay.ts')).replay(context, command)
    case 'generate': return await (await import('./commands/generate.ts')).generate(context, command)
    case 'canary': return await (await import('./commands/canary/canary.ts')).canary(context, command)
  }
}

function print (text: string): number {
  process.stdout.write(text)
  return 0
}

async function fail (error: unknown): Promise<number> {
  if (error instanceof ConfigError) {
    process.stderr.write(error.message.split('\n').map(line => `lokean: ${line}\n`).join(''))
    return EX_CONFIG
  }
  if (error instanceof UsageError) {
    process.stderr.write(`lokean: ${error.message}\nTry 'lokean --help'.\n`)
    return EX_USAGE
  }
  if (error instanceof LokeanError) {
    await tell(error)
    return FAILED
  }
  // The last resort ends the process.
  return await new Promise<never>(() => lastResort.end(error))
}

/** Tells on stderr why the process ends. */
async function tell (error: unknown): Promise<void> {
  const { cleanText, describeError } = await import('./log.ts')
  // The message of a LokeanError is enough. Of any other error, only the stack says where it comes from.
  const text = error instanceof LokeanError || !(error instanceof Error) ? describeError(error) : cleanText(error.stack ?? error.message)
  process.stderr.write(`lokean: ${text}\n`)
}

const lastResort = new LastResort(tell)
lastResort.watch()
process.exitCode = await main().catch(fail)
// A command that failed may have left something open, which must not keep the process alive.
if (process.exitCode !== 0) process.exit()
