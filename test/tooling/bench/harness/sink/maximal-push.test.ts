import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import { packMaximal } from '../../../../../bench/harness/sink/maximal-push.ts'
import { pushRequest } from '../../../../unit/embedded/loki/push/logproto.ts'

function push (from: number, count: number, labels: string): Buffer {
  return pushRequest([{
    labels,
    entries: Array.from({ length: count }, (_, i) => ({
      ms: 1_795_000_000_000,
      ns: from + i,
      line: `${'a line '.repeat(20)}${(from + i) * 7919} seq=${`${from + i}`.padStart(10, '0')}`,
      metadata: {}
    }))
  }])
}

test('pushes that are maximal already come to what they are', () => {
  const body = snappy.compressSync(push(0, 5000, '{host="a"}'))
  assert.deepEqual(packMaximal([body]), { bytes: body.length, records: 5000 })
})

test('small pushes of one stream come to what one large push of them is', () => {
  const small = Array.from({ length: 50 }, (_, i) => snappy.compressSync(push(i * 100, 100, '{host="a"}')))
  assert.deepEqual(packMaximal(small.reverse()), { bytes: snappy.compressSync(push(0, 5000, '{host="a"}')).length, records: 5000 })
})

test('a push holds a MiB before compression, and each stream once', () => {
  const of = (from: number, count: number): Buffer => Buffer.concat([
    push(from, count, '{host="a"}'), push(from + count, count, '{host="b"}')
  ])
  const bodies = Array.from({ length: 10 }, (_, i) => snappy.compressSync(of(i * 2000, 1000)))
  const raw = bodies.reduce((sum, body) => sum + snappy.uncompressSync(body).length, 0)
  const { bytes, records } = packMaximal(bodies)
  assert.equal(records, 20_000)
  // These records are so alike that cuts and order do not matter: the least number of pushes has the same bytes.
  const least = bodies.reduce((sum, body) => sum + body.length, 0)
  assert.ok(raw > 3 * 2 ** 20 && Math.abs(bytes - least) < least / 20, `${bytes} against ${least}`)
})
