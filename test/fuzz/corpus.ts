import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const CORPUS = join('test', 'fuzz', 'corpus')
export const FAILURES = join('test', 'fuzz', 'failures')

/** Reads the kept inputs of a target, sorted by name. */
export function readCorpus (target: string): Array<{ name: string, input: Buffer }> {
  const folder = join(CORPUS, target)
  return listed(folder).sort().map(name => ({ name, input: readFileSync(join(folder, name)) }))
}

/** Keeps an input under a name made of its content. Returns the path. */
export function writeInput (folder: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`)
  writeFileSync(file, input)
  return file
}

function listed (folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
