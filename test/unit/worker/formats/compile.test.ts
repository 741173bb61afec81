import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { deserialize } from 'node:v8'
import { compile } from '../../../../src/worker/formats/compile.ts'
import type { Format } from '../../../../src/worker/formats/format.ts'
import { GROUPS } from '../../../../src/worker/formats/table.ts'

/** A pattern with a bounded count, or a level carried through a long one, may make many states. */
const MOST_STATES = 4_000

const format = (pattern: RegExp): Format => ({ name: 'x', begins: 'line', pattern, samples: [] })

test('the build\'s automata are those of the table, and none of them has grown out of bounds', () => {
  const compiled = compile(GROUPS)
  const file = new URL('../../../../src/worker/formats/automata.bin', import.meta.url)
  assert.deepEqual(compiled, deserialize(readFileSync(file)))
  for (const { cells, width } of [...compiled.time, ...compiled.line]) {
    assert.ok(cells.length / width < MOST_STATES, `${cells.length / width} states`)
  }
})

test('a pattern that is not of the subset, or could be read in two ways, does not build', () => {
  const refused: Array<[pattern: RegExp, why: RegExp]> = [
    [/a/, /begins with \^ and has no flags/],
    [/^a/i, /begins with \^ and has no flags/],
    [/^(a)/, /a group without \?: or a name/],
    [/^a\b/, /an escape that no format needs/],
    [/^(?<colour>red)/, /colour is no group that a format may have/],
    [/^(?:(?<error>a+)|(?<info>a+))b/, /ways/]
  ]
  for (const [pattern, why] of refused) assert.throws(() => compile([[format(pattern)]]), why, pattern.source)
})
