import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'

const URL = 'https://forge.example/owner/name'

function absolute (page: string, text: string): string {
  const { status, stdout, stderr } = spawnSync('.ci/absolute-links', [page, URL, 'v1.2.3'], {
    input: text, encoding: 'utf8', env: { PATH: [dirname(process.execPath), process.env.PATH].join(':') }
  })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
}

test('links and pictures lead to the revision, from the folder of the page; others stay', () => {
  const text = 'See [a](deploy/README.md#x), ![b](.github/demo.svg), [c](https://x.example/y), [d](#here).\n'
  assert.equal(absolute('README.md', text),
    `See [a](${URL}/blob/v1.2.3/deploy/README.md#x), ![b](${URL}/raw/v1.2.3/.github/demo.svg), [c](https://x.example/y), [d](#here).\n`)
  assert.equal(absolute('.github/CHANGELOG.md', '[a](../deploy/README.md)\n[b](SECURITY.md)\n'),
    `[a](${URL}/blob/v1.2.3/deploy/README.md)\n[b](${URL}/blob/v1.2.3/.github/SECURITY.md)\n`)
})

test('the README ships with no link that needs the other pages beside it', () => {
  const page = absolute('README.md', readFileSync('README.md', 'utf8'))
  const targets = [...page.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target)
  assert.ok(targets.length > 10)
  assert.deepEqual(targets.filter(target => !target.startsWith('https://') && !target.startsWith('#')), [])
})
