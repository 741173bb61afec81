import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import { PushTally } from '../../../../../bench/harness/sink/push-tally.ts'
import { pushRequest } from '../../../../unit/embedded/loki/push/logproto.ts'

const NOW = 1_795_000_000_000

interface Entry { number: number, ns?: number, text?: string }

function push (entries: Entry[], labels = '{host="a"}'): Buffer {
  return snappy.compressSync(pushRequest([{
    labels,
    entries: entries.map(({ number, ns = 0, text = 'a line' }) => ({
      ms: NOW, ns, line: `${text} seq=${`${number}`.padStart(10, '0')}`, metadata: { level: 'info' }
    }))
  }]))
}

const numbers = (from: number, count: number): Entry[] => Array.from({ length: count }, (_, i) => ({ number: from + i }))
const FINE = { missing: 0, doubled: 0, repeated: 0, storedTwice: 0, other: 0, streams: 1 }

test('all there, over several pushes, in any order', () => {
  const tally = new PushTally()
  assert.deepEqual(tally.add(push(numbers(2000, 1000))), { entries: 1000, streams: 1 })
  assert.deepEqual(tally.add(push(numbers(0, 2000))), { entries: 2000, streams: 1 })
  assert.deepEqual(tally.result(3000), { ...FINE, stored: 3000 })
})

test('finds what is missing', () => {
  const tally = new PushTally()
  tally.add(push(numbers(0, 10).filter(({ number }) => number !== 3 && number !== 7)))
  assert.deepEqual(tally.result(12), { ...FINE, stored: 8, missing: 4 })
})

test('what comes again equal in stream, time and line is stored once; what differs in one of them is doubled', () => {
  const tally = new PushTally()
  tally.add(push(numbers(0, 5)))
  tally.add(push(numbers(0, 3)))
  assert.deepEqual(tally.result(5), { ...FINE, stored: 5, repeated: 3 })
  tally.add(push([{ number: 3, ns: 1 }]))
  tally.add(push([{ number: 3, text: 'another line' }]))
  tally.add(push([{ number: 4 }], '{host="b"}'))
  assert.deepEqual(tally.result(5), { ...FINE, stored: 5, repeated: 3, doubled: 3, streams: 2 })
})

test('what comes again when its block has ended is stored twice, but for the last entry', () => {
  const tally = new PushTally()
  const large = numbers(0, 3).map(entry => ({ ...entry, text: 'x'.repeat(100_000) }))
  tally.add(push(large))
  tally.add(push(large.slice(2)))
  tally.add(push(large.slice(0, 2)))
  tally.add(push(large.slice(0, 1)))
  assert.deepEqual(tally.result(3), { ...FINE, stored: 3, repeated: 4, storedTwice: 2 })
})

test('what was not sent is told apart', () => {
  const tally = new PushTally()
  tally.add(push(numbers(0, 5)))
  const odd = ['no number', 'seq=12', ' seq=00000000x1', 'quarantined seq=0000000001","file":""}']
  tally.add(snappy.compressSync(pushRequest([{
    labels: '{host="a"}', entries: odd.map(line => ({ ms: NOW, ns: 0, line, metadata: {} }))
  }])))
  assert.deepEqual(tally.result(4), { ...FINE, stored: 4, other: 5 })
})

test('a body that cannot be decoded is an error', () => {
  assert.throws(() => new PushTally().add(Buffer.from('not snappy')))
  assert.throws(() => new PushTally().add(snappy.compressSync(Buffer.from('not a push'))))
})
