#!/usr/bin/env node
import { parseCommand } from './cli/arguments.ts'
import { helpText } from './cli/help.ts'
import { check } from './commands/check.ts'
import type { Context } from './commands/context.ts'
import { demo } from './commands/demo.ts'
import { generate } from './commands/generate.ts'
import { run } from './commands/run.ts'
import { withEnvFile } from './config/load.ts'
import { ConfigError, UsageError } from './errors.ts'
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
  if (command.command === 'help') return print(helpText(command.topic))
  if (command.command === 'version') return print(`lokean ${VERSION}\n`)
  const context: Context = {
    env: command.envFile === undefined ? process.env : withEnvFile(process.env, command.envFile),
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    stopping: onSignals()
  }
  switch (command.command) {
    case 'run': return await run(context)
    case 'demo': return await demo(context, command)
    case 'check': return await check(context, command)
    case 'generate': return await generate(context, command)
  }
}

function print (text: string): number {
  process.stdout.write(text)
  return 0
}

function fail (error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(error.message.split('\n').map(line => `lokean: ${line}\n`).join(''))
    return EX_CONFIG
  }
  if (error instanceof UsageError) {
    process.stderr.write(`lokean: ${error.message}\nTry 'lokean --help'.\n`)
    return EX_USAGE
  }
  process.stderr.write(`lokean: ${(error as Error).stack ?? String(error)}\n`)
  return 1
}

process.exitCode = await main().catch(fail)
// Whatever a failed command left open must not keep the process: its outcome is known.
if (process.exitCode !== 0) process.exit()
