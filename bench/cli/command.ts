import { LokeanError, UsageError } from '../../src/errors.ts'

/** sysexits.h */
const EX_USAGE = 64

/** For `return print(...)` where that was all: the exit code. */
export function print (text: string): number {
  process.stdout.write(text)
  return 0
}

/** Sets the exit code: what `main` gives; where it throws, 64 for a wrong call and 1 for all else, with the reason on stderr behind the command's name. */
export async function runCommand (name: string, main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    const known = error instanceof LokeanError
    process.stderr.write(`${name}: ${known ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? EX_USAGE : 1
  }
}
