import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/errors.ts'
import { parseSoakArguments } from '../../soak/arguments.ts'

test('arguments of the soak', () => {
  assert.deepEqual(parseSoakArguments(['--for', '1h30m'], () => 5), { forMs: 5_400_000, seed: 5, rate: 5_000, json: false })
  assert.deepEqual(parseSoakArguments(['--for', '20s', '--seed', '0', '--rate', '100', '--json']), {
    forMs: 20_000, seed: 0, rate: 100, json: true
  })
  assert.equal(parseSoakArguments(['-h']), undefined)
})

test('what is wrong with them is said', () => {
  for (const [args, message] of [
    [[], /--for is missing/], [['--for', '3'], /--for must be a duration/], [['--for', '1s'], /at least 5s/],
    [['--for', '20s', '--seed', 'x'], /--seed must be a whole number/],
    [['--for', '20s', '--rate', '0'], /--rate must be a whole number from 1/], [['--for', '20s', 'now'], /unexpected argument 'now'/],
    [['--fore', '20s'], /--fore/]
  ] as const) {
    assert.throws(
      () => parseSoakArguments(args), (error: Error) => error instanceof UsageError && message.test(error.message), args.join(' ')
    )
  }
})
