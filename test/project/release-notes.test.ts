import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

interface Answer { status: number | null, stdout: string, stderr: string }

function run (script: string, ...args: string[]): Answer {
  const { status, stdout, stderr } = spawnSync(script, args, {
    env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }, encoding: 'utf8'
  })
  return { status, stdout, stderr }
}

/** Runs the script in a project with this version and changelog. */
function releaseNotes (t: TestContext, version: string, changelog: string, ...args: string[]): Answer {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync('.ci', join(folder, '.ci'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }))
  mkdirSync(join(folder, '.github'))
  writeFileSync(join(folder, '.github/CHANGELOG.md'), changelog)
  return run(join(folder, '.ci/release-notes'), ...args)
}

const CHANGELOG = '# Changelog\n\n## To come\n\nNot these.\n\n## 1.10.0\n\nTen.\n\n## 1.2.0\n\n- One.\n\n  More of it.\n### 1.3.0\n- Two.\n\n## 1.1.0\n\nOlder.\n'

test('the changelog says what is new in this version, and its tag is taken', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const { status, stdout, stderr } = run('.ci/release-notes', `v${version}`)
  assert.deepEqual([status, stderr], [0, ''])
  const changelog = readFileSync('.github/CHANGELOG.md', 'utf8').replace('# Changelog\n\n', '')
  // What is to come stands in front of the newest entry until its version has a number.
  const released = changelog.replace(/^## To come\n[^]*?(?=^## )/m, '')
  assert.ok(stdout.length > 100 && released.startsWith(`## ${version}\n\n${stdout}`), 'the newest entry, as it stands there')
})

test('the entry alone, without its heading and the lines around it', t => {
  assert.deepEqual(releaseNotes(t, '1.2.0', CHANGELOG), { status: 0, stdout: '- One.\n\n  More of it.\n### 1.3.0\n- Two.\n', stderr: '' })
  assert.equal(releaseNotes(t, '1.1.0', CHANGELOG, 'v1.1.0').stdout, 'Older.\n')
})

for (const version of ['1.3.0', '1.1', '1.2.0-rc.1', '1.20.0']) {
  test(`nothing on ${version}: it fails`, t => {
    const stderr = `release-notes: the changelog has no entry for ${version}\n`
    assert.deepEqual(releaseNotes(t, version, CHANGELOG), { status: 1, stdout: '', stderr })
  })
}

test('an entry that is empty is none', t => {
  assert.equal(releaseNotes(t, '1.0.0', '# Changelog\n\n## 1.0.0\n\n## 0.9.0\n\nOlder.\n').status, 1)
})

for (const tag of ['v1.1.0', '1.2.0', 'v1.2.0-rc.1', '']) {
  test(`the tag ${JSON.stringify(tag)} of another version: it fails`, t => {
    const { status, stdout, stderr } = releaseNotes(t, '1.2.0', CHANGELOG, tag)
    assert.deepEqual([status, stdout, stderr], [1, '', `release-notes: package.json is at 1.2.0, which ${tag} is no tag of\n`])
  })
}
