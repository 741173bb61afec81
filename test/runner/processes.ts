import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** Test files that share a process, and the module that is its entry. Paths are from the project's folder. */
export interface TestProcess { entry: string, files: readonly string[] }

/**
 * Here files share processes, so that not each starts Node and loads the program: they keep what they open to
 * themselves. So many at the most, as what one process runs while others stand idle is not to be the longest of all.
 */
const SHARED: Readonly<Record<string, number>> = { unit: 16, integration: 6, project: 4, tooling: 7 }
/** But for these, which take as long as many others. */
const ALONE = ['test/tooling/bench/instances/run.test.ts']

/** The test files below `test/<folder>`, in order, whose path has one of the words in it. */
export function testFiles (folder: string, words: readonly string[] = []): string[] {
  const root = join('test', folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join(root, name))
    .filter(path => words.length === 0 || words.some(word => path.includes(word)))
    .sort()
}

/** Who runs with whom. */
export function share (folder: string, files: readonly string[]): string[][] {
  const most = SHARED[folder] ?? 1
  const alone = files.filter(file => ALONE.includes(file))
  return [...alone.map(file => [file]), ...evenly(files.filter(file => !alone.includes(file)), most)]
}

/** As few parts as hold `most` at the most, alike in size. */
function evenly (files: readonly string[], most: number): string[][] {
  const parts = Math.ceil(files.length / most)
  const from = (part: number): number => Math.round(part * files.length / parts)
  return Array.from({ length: parts }, (_, part) => files.slice(from(part), from(part + 1)))
}

/** Comes first in each process where a seed is given. */
const SEEDED = 'test/helpers/seeded-properties.ts'

/** Writes the entry of each process to `folder`. */
export function writeEntries (groups: ReadonlyArray<readonly string[]>, folder: string, isSeeded: boolean): TestProcess[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return groups.map((files, i) => {
    const entry = join(folder, `${i}-${files[0].split(sep)[1]}.js`)
    writeFileSync(entry, [...isSeeded ? [SEEDED] : [], ...files].map(file => `import './${relative(folder, compiled(file)).split(sep).join('/')}'\n`).join(''))
    return { entry, files }
  })
}

function compiled (file: string): string {
  return join('build', file.replace(/\.ts$/, '.js'))
}
