import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../runner/main.js', import.meta.url))
/** On one line, so that the first of a file's own is the second. */
const HEAD = 'import assert from "node:assert/strict"; import { after, suite, test } from "node:test"\n'

/**
 * Runs test files, by their names below `test`, as `npm test` runs those of a clone; what it says, and its exit code.
 */
function runTests (t: TestContext, files: Record<string, string>, args: string[], again = false): { said: string, status: number | null } {
  const clone = realpathSync(mkdtempSync(join(tmpdir(), 'lokean-runner-')))
  t.after(() => { rmSync(clone, { recursive: true }) })
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), text)
  }
  write('package.json', '{ "type": "module" }')
  for (const [name, text] of Object.entries(files)) {
    write(join('test', name), '')
    write(join('build/test', name.replace(/\.ts$/, '.js')), HEAD + text)
  }
  const env: NodeJS.ProcessEnv = { ...process.env }
  delete env.NODE_TEST_CONTEXT
  delete env.LOKEAN_TEST_SEED
  env.LOKEAN_TEST_AGAIN = again ? '1' : undefined
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], { cwd: clone, env, encoding: 'utf8' })
  assert.equal(stderr, '')
  return { said: stdout, status }
}

test('of what passes only the number is said, in the last line, and what was left out, with the reason', t => {
  const { said, status } = runTests(t, {
    'unit/a/one.test.ts': 'suite("of two", () => { test("first", () => {}); test("second", () => {}) })',
    'unit/a/two.test.ts': 'test("parent", async t => { await t.test("child", () => {}); console.log("said") })',
    'process/three.test.ts': 'test("left out", { skip: "not here" }, () => {})'
  }, ['--in', 'process,unit'])
  assert.match(
    said, /^\nskipped test\/process\/three\.test\.ts:2 left out: not here\n3 test files took \d+\.\d s\n4 passed, 0 failed, 1 skipped\n$/
  )
  assert.equal(status, 0)
})

test('what failed stands at the end: file, line, names, difference, stack, causes, and what was said meanwhile', t => {
  const { said, status } = runTests(t, {
    'unit/a/one.test.ts': `
      test('differs', t => { t.diagnostic('seed 5'); assert.deepEqual({ a: [1, 2] }, { a: [1, 3] }) })
      suite('within', () => { test('throws', () => { throw new TypeError('outer', { cause: new Error('inner') }) }) })
      test('says more', () => { console.error('to stderr'); assert.equal(7, 8, 'not the same') })`,
    'unit/a/two.test.ts': 'test("passes all the same", () => { console.log("of no interest") })',
    'process/three.test.ts': 'test("of no interest", () => { console.error("nothing") })'
  }, ['--in', 'unit,process'])
  const [atOnce, ...reports] = said.split(/\n\n(?=FAILED|OUTPUT)/)
  assert.equal(atOnce, [
    'test/unit/a/one.test.ts:3 differs', 'test/unit/a/one.test.ts:4 throws', 'test/unit/a/one.test.ts:5 says more'
  ].map(one => `FAILED ${one}`).join('\n'))
  const [differs, throws, saysMore, output] = reports
  assert.match(
    differs,
    /^FAILED test\/unit\/a\/one\.test\.ts:3 differs\n {2}AssertionError.*\n(.*\n)+ {2}\+ {5}2\n {2}- {5}3\n(.*\n)+ {6}at .*one\.test\.js:3:\d+\)\n {2}seed 5$/
  )
  assert.match(throws, /^FAILED test\/unit\/a\/one\.test\.ts:4 within > throws\n {2}TypeError: outer\n(.*\n)+ {2}caused by Error: inner\n/)
  assert.match(saysMore, /^FAILED .*:5 says more\n(.*\n)+ {2}actual: {3}7\n {2}expected: 8$/)
  assert.match(
    output,
    /^OUTPUT test\/unit\/a\/one\.test\.ts test\/unit\/a\/two\.test\.ts\n {2}to stderr\n {2}of no interest\n\n3 test files took .* s\n2 passed, 3 failed, 0 skipped\n$/
  )
  assert.equal(status, 1)
})

test('a process that ends before its tests do fails, with the test that ran and with what it wrote', t => {
  const { said, status } = runTests(t, {
    'process/ends.test.ts': 'test("before", () => {}); test("ends it", async () => { for (let i = 0; i < 50; i++) await new Promise(setImmediate); process.exit(3) }); test("never", () => {})',
    'process/syntax.test.ts': 'this is none',
    'process/whole.test.ts': 'test("whole", () => {}); after(() => { process.exitCode = 4 })'
  }, ['--in', 'process'])
  assert.match(
    said,
    /^\nFAILED test\/process\/ends\.test\.ts\n {2}the process ended with exit code 3\n {2}in test\/process\/ends\.test\.ts:2 ends it\n\nFAILED/
  )
  assert.match(said, /\n\nFAILED test\/process\/syntax\.test\.ts\n {2}the process ended with exit code 1\n/)
  assert.match(said, /\n\nOUTPUT test\/process\/syntax\.test\.ts\n(.*\n)+ {2}SyntaxError: .*\n/)
  assert.match(said, /\n\nFAILED test\/process\/whole\.test\.ts\n {2}the process ended with exit code 4\n\n/)
  assert.match(said, /\n2 passed, 3 failed, 0 skipped\n$/)
  assert.equal(status, 1)
})

test('words choose among the files; where none is left, it fails', t => {
  const files = { 'unit/a/one.test.ts': 'test("one", () => {})', 'unit/b/two.test.ts': 'test("two", () => {})' }
  assert.match(runTests(t, files, ['--in', 'unit', 'b/tw']).said, /\n1 test file took .*\n1 passed, 0 failed, 0 skipped\n$/)
  const none = runTests(t, files, ['--in', 'unit', 'three'])
  assert.match(none.said, /\n0 passed, 0 failed, 0 skipped\n$/)
  assert.equal(none.status, 1)
})

test('with LOKEAN_TEST_AGAIN, what fails only beside others is named as unstable; what fails each time fails', t => {
  const once = 'import { existsSync, writeFileSync } from "node:fs"; test("once", () => { if (!existsSync("x")) { writeFileSync("x", ""); assert.fail("this time") } })'
  const always = 'test("always", () => { assert.fail("each time") })'
  const good = 'test("good", () => {})'
  const unstable = runTests(t, { 'unit/a/one.test.ts': once, 'unit/a/two.test.ts': good }, ['--in', 'unit'], true)
  assert.match(unstable.said, /\n1 passed, 1 failed, 0 skipped\n\nagain, one file at a time: test\/unit\/a\/one\.test\.ts\n/)
  assert.match(unstable.said, /\n1 passed, 0 failed, 0 skipped\nUNSTABLE test\/unit\/a\/one\.test\.ts: failed beside others, passed alone\n$/)
  assert.equal(unstable.status, 0)
  const broken = runTests(t, { 'unit/a/one.test.ts': always, 'unit/a/two.test.ts': once }, ['--in', 'unit'], true)
  assert.match(broken.said, /\n1 passed, 1 failed, 0 skipped\n$/)
  assert.equal(broken.status, 1)
  const names = Array.from({ length: 17 }, (_, i) => `x${i}`)
  const many = Object.fromEntries(names.map(name => [`unit/${name}.test.ts`, once.replaceAll('"x"', `"${name}"`)]))
  const all = runTests(t, many, ['--in', 'unit'], true)
  assert.ok(!all.said.includes('again'))
  assert.equal(all.status, 1)
})
