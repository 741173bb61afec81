import { spawnSync } from 'node:child_process'

/** A program that a test needs, or a probe: a command that ends with 0 where the program is there. */
export type Need = string | { what: string, probe: readonly [string, ...string[]] }

/**
 * Options that skip a test where a program is missing, and name that program. `LOKEAN_TEST_ALL=1` skips nothing, so
 * that no test of a release is left out.
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
