import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INSTANCES_USAGE, parseInstancesArguments } from '../../../../bench/instances/arguments.ts'
import { FULL, planOf, QUICK, steadyRate } from '../../../../bench/instances/plan.ts'
import { UsageError } from '../../../../src/errors.ts'

test('a full run is kept, a quick one where that is asked for', () => {
  assert.deepEqual(parseInstancesArguments([]), { quick: false, json: false, save: true, instances: undefined, rate: undefined })
  assert.deepEqual(parseInstancesArguments(['--quick', '--json', '--instances', '3', '--rate=5000']), {
    quick: true, json: true, save: false, instances: 3, rate: 5000
  })
  assert.equal(parseInstancesArguments(['--quick', '--save'])?.save, true)
})

test('help is asked for, and names every option and both settings', () => {
  assert.equal(parseInstancesArguments(['--help']), undefined)
  for (const name of ['--quick', '--instances', '--rate', '--json', '--save', 'LOKEAN_AMQP_URL', 'LOKEAN_LOKI_URL']) {
    assert.ok(INSTANCES_USAGE.includes(name), name)
  }
})

test('what is wrong is said', () => {
  const cases: Array<[string[], RegExp]> = [
    [['--instances', '0'], /--instances must be a whole number from 1 to 16, not '0'/],
    [['--instances', '1.5'], /--instances/],
    [['--rate', 'fast'], /--rate must be/],
    [['4'], /unexpected argument '4'/],
    [['--nonsense'], /--nonsense/]
  ]
  for (const [args, message] of cases) {
    assert.throws(
      () => parseInstancesArguments(args), (error: unknown) => error instanceof UsageError && message.test(error.message), args.join(' ')
    )
  }
})

test('one instance is always among them: the others are compared with it', () => {
  assert.deepEqual(planOf({ quick: false, instances: 3, rate: 900 }), { ...FULL, instances: [1, 2, 3], rate: 900 })
  assert.deepEqual(planOf({ quick: true }), { ...QUICK, rate: undefined })
  assert.ok(FULL.instances.includes(1) && QUICK.instances.includes(1))
})

test('the steady load is half of what the slowest takes, to two digits', () => {
  assert.equal(steadyRate([400_000, 235_999, 300_000]), 110_000)
  assert.equal(steadyRate([2468]), 1200)
  assert.equal(steadyRate([15]), 7)
})
