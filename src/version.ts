import { existsSync, readFileSync } from 'node:fs'

/** The version in the package's own package.json, which lies above this file, however far the build puts it down. */
export const VERSION: string = readVersion()

function readVersion (): string {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder)
    if (above.href === folder.href) throw new Error('package.json is missing from the installation')
    folder = above
  }
  return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version
}
