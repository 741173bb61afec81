import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, LokeanError, UsageError } from '../../src/errors.ts'

test('each error class carries its own code, its name and its cause', () => {
  const cause = new Error('why')
  const cases = [
    [new LokeanError('LOKEAN_PUSH', 'm', { cause, retryable: true }), 'LOKEAN_PUSH', 'LokeanError', true],
    [new ConfigError('m', cause), 'LOKEAN_CONFIG', 'ConfigError', false],
    [new UsageError('m'), 'LOKEAN_USAGE', 'UsageError', false]
  ] as const
  for (const [error, code, name, retryable] of cases) {
    assert.equal(error.code, code)
    assert.equal(error.name, name)
    assert.equal(error.retryable, retryable)
    assert.ok(error instanceof LokeanError)
  }
  assert.equal(new ConfigError('m', cause).cause, cause)
})
