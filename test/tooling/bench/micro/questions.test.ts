import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ack } from '../../../../bench/micro/ack.ts'
import { encode } from '../../../../bench/micro/encode.ts'
import { frames } from '../../../../bench/micro/frames.ts'
import { join } from '../../../../bench/micro/join.ts'
import { labels } from '../../../../bench/micro/labels.ts'
import type { Effort } from '../../../../bench/micro/measure.ts'
import { recordParse } from '../../../../bench/micro/record-parse.ts'
import { snappyBlock } from '../../../../bench/micro/snappy.ts'
import { transfer } from '../../../../bench/micro/transfer.ts'
import type { MicroResult } from '../../../../bench/outcome/results.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'

/** Each alternative runs three times: for the comparison, the warm-up, and the timing. */
const ONCE: Effort = { warmUpMs: 0, windowMs: 0, rounds: 1 }

function chosenOf ({ alternatives }: MicroResult): MicroResult['alternatives'][number] {
  const [chosen, ...more] = alternatives.filter(one => one.chosen)
  assert.equal(more.length, 0)
  return chosen
}

for (const [ask, count] of [
  [recordParse, 1], [labels, 1], [encode, 1], [snappyBlock, 2], [join, 2], [transfer, 1], [frames, 2], [ack, 2]
] as const) {
  test(`${ask.name}: the alternatives come to the same, and each has a figure`, async t => {
    Cleanup.of(t)
    const results = await ask(ONCE)
    assert.equal(results.length, count)
    for (const { question, unit, alternatives } of results) {
      assert.ok(question !== '' && unit !== '' && alternatives.length >= 2)
      assert.equal(new Set(alternatives.map(({ name }) => name)).size, alternatives.length)
      for (const { value, timesChosen } of alternatives) {
        assert.ok(Number.isFinite(value) && value >= 0 && timesChosen.median >= 0, question)
      }
    }
    results.forEach(chosenOf)
  })
}

test('what is counted is what the ways are about', async () => {
  const [, settled] = await ack(ONCE)
  const [merged, batches, deliveries] = settled.alternatives.map(({ value }) => value)
  assert.deepEqual([batches, deliveries], [64, 4096])
  assert.ok(merged >= 1 && merged < batches / 2)
  const [, joined] = await join(ONCE)
  const [asTheyAre, again] = joined.alternatives.map(({ value }) => value)
  // By how little depends on the records, which have the time of now.
  assert.ok(asTheyAre > 0.99 * again && asTheyAre < 1.1 * again, `${asTheyAre} and ${again}`)
  const [, size] = await snappyBlock(ONCE)
  assert.ok(size.alternatives.every(({ value }) => value > 5 && value < 60))
  assert.equal(size.alternatives[0].value, size.alternatives[1].value)
})
