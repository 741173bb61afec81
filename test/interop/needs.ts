import { spawnSync } from 'node:child_process'

/** A program that must be there, or a probe of one: a command that ends with 0 where it is. */
export type Need = string | { what: string, probe: readonly [string, ...string[]] }

/**
 * For a test's options: skips it where one of these is not there, and says which. With `LOKEAN_TEST_ALL=1` nothing is skipped, so that a
 * run that is to prove something cannot pass by leaving it out.
 */
export function needs (...wanted: Need[]): { skip: string | false } {
  if (process.env.LOKEAN_TEST_ALL === '1') return { skip: false }
  const missing = wanted.filter(need => !isThere(need)).map(need => typeof need === 'string' ? need : need.what)
  return { skip: missing.length > 0 && `not installed: ${missing.join(', ')}` }
}

function isThere (need: Need): boolean {
  const [command, ...args] = typeof need === 'string' ? ['which', need] : need.probe
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
