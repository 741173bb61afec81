import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TARGET_NAMES } from '../../fuzz/arguments.ts'
import { readCorpus } from '../../fuzz/corpus.ts'
import { MAX_INPUT, Mutator } from '../../fuzz/mutate.ts'
import { TARGETS } from '../../fuzz/targets.ts'

/**
 * Runs as `npm run fuzz` does, for as long as a test may take: the kept inputs, and the same few mutations of them each
 * time.
 */
const SEED = 20_261_122
const MUTATIONS = 400

test('every target has a name and a corpus', () => {
  assert.deepEqual(TARGETS.map(({ name }) => name).sort(), [...TARGET_NAMES].sort())
  for (const { name } of TARGETS) assert.ok(readCorpus(name).length > 0, name)
})

for (const { name, run, words, seeds } of TARGETS) {
  for (const { name: file, input } of readCorpus(name)) test(`${name}: ${file}`, () => { run(input.subarray(0, MAX_INPUT)) })
  test(`${name}: ${MUTATIONS} inputs made of these (seed ${SEED})`, () => {
    const pool = [...readCorpus(name).map(({ input }) => input), ...seeds()].map(input => input.subarray(0, MAX_INPUT))
    const mutator = new Mutator(SEED, words)
    for (let i = 0; i < MUTATIONS; i++) {
      const input = mutator.next(pool)
      try {
        run(input)
      } catch (error) {
        throw new Error(`input ${i}, ${input.toString('base64')}`, { cause: error })
      }
    }
  })
}
