import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFuzzArguments, TARGET_NAMES } from '../../fuzz/arguments.ts'
import { UsageError } from '../../../src/errors.ts'

test('without arguments: all targets for a minute, from a seed of its own', () => {
  const { seed, ...rest } = parseFuzzArguments([]) ?? assert.fail()
  assert.ok(Number.isInteger(seed))
  assert.deepEqual(rest, { seconds: 60, targets: TARGET_NAMES, keep: false, replay: undefined })
})

test('every option', () => {
  assert.deepEqual(parseFuzzArguments(['--seconds', '5', '--only', 'record,body', '--seed', '9', '--keep']), {
    seconds: 5, targets: ['body', 'record'], seed: 9, keep: true, replay: undefined
  })
  assert.equal(parseFuzzArguments(['--only', 'frames', '--replay', 'f.bin'])?.replay, 'f.bin')
  assert.equal(parseFuzzArguments(['--help', '--seconds', '1']), undefined)
})

for (const [args, message] of [
  [['--seconds', '0'], /--seconds must be a whole number from 1 to 86400/],
  [['--seed', '-1'], /--seed/],
  [['--seed', 'x'], /--seed must be a whole number/],
  [['--only', 'recrod'], /there is no target 'recrod': the nearest is record/],
  [['--only', ','], /--only needs names/],
  [['--replay', 'x'], /--replay needs --only/],
  [['more'], /unexpected argument 'more'/],
  [['--what'], /--what/]
] as const) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(() => parseFuzzArguments(args), (error: unknown) => error instanceof UsageError && message.test(error.message))
  })
}
