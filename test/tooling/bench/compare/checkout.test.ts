import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Checkout } from '../../../../bench/compare/checkout.ts'
import { UsageError } from '../../../../src/errors.ts'
import { until } from '../../../helpers/until.ts'

const WHO = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.org']

/** Makes a repository of a package without dependencies. Each commit builds in its own way. */
function repository (t: TestContext, ...builds: string[]): { folder: string, git: (...args: string[]) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-repository-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const git = (...args: string[]): string => execFileSync('git', [...WHO, ...args], { cwd: folder, encoding: 'utf8' }).trim()
  git('init', '--quiet')
  const name = 'built'
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ name, version: '1.0.0', lockfileVersion: 3, packages: { '': { name, version: '1.0.0' } } })
  )
  for (const build of builds) {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', scripts: { build } }))
    git('add', '.')
    git('commit', '--quiet', '--message', 'Another way to build it')
  }
  return { folder, git }
}

test('a revision is built in a worktree of its own, which goes', async t => {
  const { folder, git } = repository(t, 'mkdir dist && echo old > dist/main.js', 'mkdir dist && echo new > dist/main.js')
  const steps: string[] = []
  const checkout = await Checkout.build(folder, 'HEAD~1', text => steps.push(text))
  assert.equal(readFileSync(checkout.main, 'utf8'), 'old\n')
  assert.equal(checkout.commit, git('rev-parse', '--short', 'HEAD~1'))
  assert.equal(steps.length, 3)
  assert.equal(git('worktree', 'list').split('\n').length, 2)
  checkout.remove()
  assert.equal(existsSync(checkout.main), false)
  assert.equal(git('worktree', 'list').split('\n').length, 1)
})

test('a build that fails is told with what it said, and leaves nothing', async t => {
  const { folder, git } = repository(t, 'echo no such type && false')
  await assert.rejects(Checkout.build(folder, 'HEAD', () => {}), /npm run build failed at [0-9a-f]+ \(exit code 1\): [^]*no such type/)
  assert.equal(git('worktree', 'list').split('\n').length, 1)
})

test('a comparison that is stopped leaves nothing, nor does what it had started', async t => {
  const { folder, git } = repository(t, 'touch begun && sleep 1000')
  const comparison = spawn(process.execPath, [
    join(process.cwd(), 'build', 'bench', 'compare', 'main.js'), '--against', 'HEAD'
  ], { cwd: folder, stdio: 'ignore' })
  t.after(() => comparison.kill('SIGKILL'))
  const ended = once(comparison, 'close')
  const worktrees = (): string[] => git('worktree', 'list', '--porcelain').split('\n').filter(line => line.startsWith('worktree '))
    .map(line => line.slice(9))
  await until('the build has begun', () => worktrees().some(path => existsSync(join(path, 'begun'))), 60_000)
  const path = worktrees()[1]
  comparison.kill('SIGTERM')
  assert.deepEqual(await ended, [143, null])
  assert.equal(existsSync(path), false)
  assert.equal(worktrees().length, 1)
})

test('a revision that is not there is the caller\'s mistake', async t => {
  const { folder } = repository(t, 'true')
  await assert.rejects(
    Checkout.build(folder, 'v9', () => {}),
    (error: unknown) => error instanceof UsageError && error.message.includes('git knows no revision \'v9\' here')
  )
})
