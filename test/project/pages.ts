import { readdirSync, readFileSync } from 'node:fs'

/** Folders that hold pages, at whatever depth, beside the one at the top. */
const FOLDERS = ['.github', 'bench', 'deploy', 'src', 'test']

/** Returns the paths of all pages: the Markdown files that somebody writes and reads. */
export function pages (): string[] {
  const below = FOLDERS.flatMap(folder => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(path => `${folder}/${path}`))
  return [...readdirSync('.'), ...below].filter(path => path.endsWith('.md')).sort()
}

/** Reads a page without its fenced code. */
export function prose (path: string): string {
  return readFileSync(path, 'utf8').replace(/^```[^]*?^```$/gm, '')
}
