import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../../runner/failure.ts'

test('what is thrown need be no error', () => {
  assert.equal(describe(Object.assign(new Error('text'), { code: 'ERR_TEST_FAILURE', cause: 'text' })), 'text')
  assert.equal(describe({ a: 1 }), '{ a: 1 }')
  assert.equal(describe(undefined), 'undefined')
})

test('lines of Node\'s own are left out of a stack', () => {
  const error = { stack: 'Error: it\n    at mine (file:///a.js:1:1)\n    at Test.run (node:internal/test_runner/test:1:1)\n    at node:internal/test_runner/test:2:2\n    at async Promise.all (index 0)' }
  assert.equal(describe(error), 'Error: it\n    at mine (file:///a.js:1:1)\n    at async Promise.all (index 0)')
})

test('megabytes are not shown', () => {
  const error = {
    stack: `AssertionError: ${'x'.repeat(10_000)}`,
    code: 'ERR_ASSERTION',
    generatedMessage: false,
    operator: 'strictEqual',
    actual: 'a'.repeat(2 ** 20),
    expected: 'b'
  }
  const text = describe(error)
  assert.ok(text.length < 9_000)
  assert.match(text, /x \.\.\. and 6016 more characters\nactual: {3}a+ \.\.\. and 1044576 more characters\nexpected: b$/)
})
