import { readFileSync } from 'node:fs'

export const UNIT = 'deploy/systemd/lokean.service'

/** Returns the values of a name in the unit, in the order in which they stand. */
export function valuesOf (name: string): string[] {
  return readFileSync(UNIT, 'utf8').split('\n').filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1))
}
