import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Intake } from '../../../src/embedded/loki/push/intake.ts'
import type { Limits } from '../../../src/embedded/loki/push/limits.ts'
import { Store } from '../../../src/embedded/loki/store/store.ts'
import { RecordTally } from '../../soak/record-tally.ts'
import { clock, pushRequest, type TestStream } from '../../unit/embedded/loki/push/logproto.ts'

const BLOCK = 65_536

/** A store that tells a tally, with a way to push into it, each time a second later. */
function told (limits: Partial<Limits> = {}): { tally: RecordTally, push: (...streams: TestStream[]) => void } {
  const tally = new RecordTally()
  let now = clock
  const intake = new Intake(new Store({ onStored: tally.add }), { now: () => { now += 1000; return now }, limits })
  return {
    tally,
    push: (...streams) => {
      const bytes = pushRequest(streams)
      intake.push('fake', bytes.length, (chunk, at) => { bytes.copy(chunk.buf, at) })
    }
  }
}

const numbered = (number: number, ms = clock, text = 'sudo'): TestStream['entries'][number] => ({
  ms, line: `${text} seq=${String(number).padStart(10, '0')}`
})

test('an entry that comes again is one where Loki finds it, and one that differs in stream, time or line is doubled', () => {
  const { tally, push } = told()
  push({ labels: '{s="a"}', entries: [numbered(0), numbered(1), numbered(2), numbered(3)] })
  push({ labels: '{s="a"}', entries: [numbered(0)] })
  assert.deepEqual(tally.result(4), { stored: 4, missing: 0, doubled: 0, storedTwice: 0, quarantined: 0, other: 0 })
  push({ labels: '{s="b"}', entries: [numbered(1)] })
  push({ labels: '{s="a"}', entries: [numbered(2, clock + 1), numbered(3, clock, 'sudO')] })
  assert.deepEqual(tally.result(4), { stored: 4, missing: 0, doubled: 3, storedTwice: 0, quarantined: 0, other: 0 })
})

test('what Loki does not find is stored twice: behind its block, or in another shard', () => {
  for (const [limits, length] of [[{}, 200_000], [{ shardRateBytes: 10 }, 100]] as const) {
    const { tally, push } = told(limits)
    const entries = [numbered(0, clock, 'x'.repeat(length)), numbered(1, clock, 'y'.repeat(length))]
    push({ labels: '{s="a"}', entries })
    push({ labels: '{s="a"}', entries })
    assert.deepEqual(tally.result(2), { stored: 2, missing: 0, doubled: 0, storedTwice: 2, quarantined: 0, other: 0 })
  }
})

test('what is not there is missing, and what nobody sent shows', () => {
  const { tally, push } = told()
  push({ labels: '{s="a"}', entries: [numbered(0), numbered(5), { ms: clock, line: 'no number' }] })
  push({
    labels: '{quarantine="no_message", source="lokean"}',
    entries: [{ ms: clock, line: '{"text":"sudo seq=0000000002", "cloud": "cloud1"}' }]
  })
  assert.deepEqual(tally.result(4), { stored: 2, missing: 2, doubled: 0, storedTwice: 0, quarantined: 1, other: 2 })
})

test('a whole block far behind is let go: it still counts, and what comes of it counts as doubled', () => {
  const tally = new RecordTally(2)
  const add = (from: number, to: number): void => { for (let number = from; number < to; number++) tally.count(number, 7) }
  add(0, BLOCK)
  add(BLOCK + 1, 4 * BLOCK) // number BLOCK is missing, so its block is kept
  tally.count(5, 7)
  tally.count(BLOCK + 5, 7)
  assert.deepEqual(tally.result(4 * BLOCK), { stored: 4 * BLOCK - 1, missing: 1, doubled: 1, storedTwice: 1, quarantined: 0, other: 0 })
})
