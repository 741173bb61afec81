import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runTarget } from '../../fuzz/run.ts'

const module = new URL(`./broken-targets${import.meta.url.slice(-3)}`, import.meta.url).href
const search = { seconds: 30, seed: 7 }

test('an input for which a target throws is found and made as small as it can be', async () => {
  const outcome = await runTarget({ target: 'throws', corpus: [], module, search })
  assert.ok(outcome.kind === 'broken')
  assert.equal(outcome.input.toString(), 'needle')
  assert.match(outcome.error, /^TypeError: at \d+\n/)
})

test('so is one at which it hangs, although nothing in the thread can tell', async () => {
  const outcome = await runTarget({ target: 'hangs', corpus: [Buffer.from('hay hay needle')], module, hangMs: 300 })
  assert.ok(outcome.kind === 'hung')
  assert.equal(outcome.input.toString(), 'needle')
})

test('and one that takes all memory', async () => {
  const outcome = await runTarget({ target: 'dies', corpus: [Buffer.from('needle')], module, heapMiB: 32 })
  assert.ok(outcome.kind === 'died')
  assert.equal(outcome.input.toString(), 'needle')
  assert.match(outcome.error, /ERR_WORKER_OUT_OF_MEMORY|memory limit/)
})

test('what a target holds more of in the end is measured', async () => {
  const outcome = await runTarget({ target: 'grows', corpus: [], module, search: { ...search, inputs: 1_000 } })
  assert.ok(outcome.kind === 'done')
  assert.ok(outcome.runs >= 1_000)
  assert.ok(outcome.grownBytes > 2 ** 20, String(outcome.grownBytes))
})

test('an input that reaches code which none had reached is kept', async () => {
  const outcome = await runTarget({ target: 'steps', corpus: [], module, search: { ...search, inputs: 20_000 } })
  assert.ok(outcome.kind === 'done')
  assert.ok(outcome.kept.some(input => input[0] === 0xf1), `${outcome.kept.length} of ${outcome.runs} were kept`)
  assert.ok(outcome.kept.length < 5)
})
