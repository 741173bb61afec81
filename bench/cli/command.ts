import { LokeanError, UsageError } from '../../src/errors.ts'

/** The exit code for a wrong call, from sysexits.h. */
const EX_USAGE = 64

/** Prints and returns the exit code 0, for a command that has nothing more to do. */
export function print (text: string): number {
  process.stdout.write(text)
  return 0
}

/**
 * Sets the exit code to what `main` returns. An error from `main` goes to stderr behind the command's name; the code is
 * then 64 for a wrong call and 1 for anything else.
 */
export async function runCommand (name: string, main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    const known = error instanceof LokeanError
    process.stderr.write(`${name}: ${known ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? EX_USAGE : 1
  }
}
