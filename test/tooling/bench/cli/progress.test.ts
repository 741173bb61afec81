import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Progress } from '../../../../bench/cli/progress.ts'

function progress (isTTY: boolean): { progress: Progress, clock: { now: number }, written: string[] } {
  const written: string[] = []
  const clock = { now: 0 }
  return { progress: new Progress({ write: text => written.push(text), isTTY }, () => clock.now), clock, written }
}

test('a terminal has one line that is written over, and cleared in the end', () => {
  const { progress: line, clock, written } = progress(true)
  line.show('one')
  clock.now = 61_500
  line.show('two')
  line.end()
  line.end()
  assert.deepEqual(written, ['\r\x1b[2K 0:00 one', '\r\x1b[2K 1:01 two', '\r\x1b[2K'])
})

test('elsewhere there is a line for what is new, at most one a second', () => {
  const { progress: lines, clock, written } = progress(false)
  for (const [now, text] of [[0, 'one'], [500, 'two'], [1000, 'three'], [5000, 'three'], [5001, 'four']] as const) {
    clock.now = now
    lines.show(text)
  }
  lines.end()
  assert.deepEqual(written, [' 0:00 one\n', ' 0:01 three\n', ' 0:05 four\n'])
})
