import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { pages, prose } from './pages.ts'

/** Returns the names of GitHub's links to the headings of a page. */
function anchors (path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(
    ' ', '-'
  ))
}

test('what the pages link to is there', () => {
  let seen = 0
  for (const path of pages()) {
    for (const [, target] of prose(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file, anchor] = target.split('#')
      const to = file === '' ? path : normalize(join(dirname(path), file))
      assert.ok(existsSync(to), `${path}: ${target}`)
      assert.ok(anchor === undefined || anchors(to).includes(anchor), `${path}: ${target}`)
      seen++
    }
  }
  assert.ok(seen > 10, `${seen} links`)
})
