#!/usr/bin/env node
// First of all: it decides how much memory what follows may take.
import { letYoungGenerationGrow } from './ops/heap.ts'
import { parseCommand } from './cli/arguments.ts'
import type { Context } from './commands/context.ts'
import { ConfigError, LokeanError, UsageError } from './errors.ts'
import { LastResort } from './ops/last-resort.ts'
import { VERSION } from './version.ts'

/** sysexits.h */
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

async function main (): Promise<number> {
  const command = parseCommand(process.argv.slice(2))
  // Each command loads what it needs: a health probe or --version is not to pay for the rest.
  if (command.command === 'help') return print((await import('./cli/help.ts')).helpText(command.topic))
  if (command.command === 'version') return print(`lokean ${VERSION}\n`)
  const context: Context = {
    env: command.envFile === undefined ? process.env : (await import('./config/load.ts')).withEnvFile(process.env, command.envFile),
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    stopping: onSignals(),
    onFault: handle => lastResort.use(handle)
  }
  if (command.command === 'demo' || command.command === 'generate') letYoungGenerationGrow()
  switch (command.command) {
    case 'run': return await (await import('./commands/run.ts')).run(context)
    case 'demo': return await (await import('./commands/demo/demo.ts')).demo(context, command)
    case 'check': return command.health
      ? await (await import('./commands/health.ts')).checkHealth(context)
      : await (await import('./commands/check/check.ts')).check(context, command)
    case 'generate': return await (await import('./commands/generate.ts')).generate(context, command)
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
  await tell(error)
  return 1
}

async function tell (error: unknown): Promise<void> {
  const { cleanText, describeError } = await import('./log.ts')
  // What was raised on purpose says all in its message; a stack is for what nobody thought of.
  const text = error instanceof LokeanError || !(error instanceof Error) ? describeError(error) : cleanText(error.stack ?? error.message)
  process.stderr.write(`lokean: ${text}\n`)
}

const lastResort = new LastResort(tell)
lastResort.watch()
process.exitCode = await main().catch(fail)
// Whatever a failed command left open must not keep the process: its outcome is known.
if (process.exitCode !== 0) process.exit()
