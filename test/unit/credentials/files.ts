import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that is removed after the test. */
export function folder (t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lokean-files-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** Writes a file in place, so long ago that nobody may still be writing it. */
export function write (path: string, text: string): void {
  writeFileSync(path, text)
  settle(path)
}

/** The file was last written another second before. */
export function settle (path: string): void {
  const { mtimeMs } = statSync(path)
  utimesSync(path, 1, mtimeMs / 1000 - 3600)
}
