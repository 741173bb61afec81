import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

/** Test files that share a process, and the module that is its entry. Paths are from the project's folder. */
export interface TestProcess { entry: string, files: readonly string[] }

/**
 * Here the files of a folder share processes, so that not each starts Node and loads the program: they keep what they
 * open to themselves, and none waits long.
 */
const SHARED = ['unit', 'integration', 'project', 'tooling']
/** But for these, which take as long as many others. */
const ALONE = ['test/tooling/bench/instances/run.test.ts']
/** What one process runs while others stand idle is not to be the longest of all. */
const MOST = 7

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
  const alone = files.filter(file => !SHARED.includes(folder) || ALONE.includes(file))
  const byFolder = new Map<string, string[]>()
  for (const file of files) if (!alone.includes(file)) byFolder.set(dirname(file), [...byFolder.get(dirname(file)) ?? [], file])
  return [...alone.map(file => [file]), ...[...byFolder.values()].flatMap(evenly)]
}

/** As few parts as hold MOST at the most, alike in size. */
function evenly (files: readonly string[]): string[][] {
  const parts = Math.ceil(files.length / MOST)
  const from = (part: number): number => Math.round(part * files.length / parts)
  return Array.from({ length: parts }, (_, part) => files.slice(from(part), from(part + 1)))
}

/** Writes the entries of those that share a process to `folder`; who is alone is the entry. */
export function writeEntries (groups: ReadonlyArray<readonly string[]>, folder: string): TestProcess[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return groups.map((files, i) => {
    if (files.length === 1) return { entry: compiled(files[0]), files }
    const entry = join(folder, `${i}-${basename(dirname(files[0]))}.js`)
    writeFileSync(entry, files.map(file => `import './${relative(folder, compiled(file)).split(sep).join('/')}'\n`).join(''))
    return { entry, files }
  })
}

function compiled (file: string): string {
  return join('build', file.replace(/\.ts$/, '.js'))
}
