import { test } from 'node:test'
import assert from 'node:assert/strict'
import { alignLike, WORD } from '../../src/shared-memory.ts'

const GUARD = 0xee

test('the place is the next one that lies within a word as the source does', () => {
  const memory = new ArrayBuffer(64)
  for (const base of [0, 8, 4096, 2 ** 31 - 8, 2 ** 31, 2 ** 32 - 8, 2 ** 32]) {
    for (let offset = 0; offset < 16; offset++) {
      for (let target = 0; target < 16; target++) {
        const at = base + target
        const place = alignLike(at, new Uint8Array(memory, offset, 5))
        assert.ok(place >= at && place < at + WORD, `${place} for ${at}`)
        assert.equal(place % WORD, offset % WORD)
      }
    }
  }
})

test('copies into and out of shared memory are exact, and touch nothing beside them, wherever source and target lie', () => {
  const from = Uint8Array.from({ length: 256 }, (_, i) => (i * 37 + 11) & 0xff)
  for (let offset = 0; offset < 16; offset++) {
    for (let target = 0; target < 16; target++) {
      for (const length of [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 130]) {
        const source = from.subarray(offset, offset + length)
        const shared = new Uint8Array(new SharedArrayBuffer(256)).fill(GUARD)
        const place = alignLike(target, source)
        shared.set(source, place)
        assert.deepEqual([...shared.subarray(place, place + length)], [...source])
        assert.ok(
          shared.every((byte, at) => (at >= place && at < place + length) || byte === GUARD), `${offset} to ${place}, ${length} bytes`
        )
        const back = new Uint8Array(256).fill(GUARD)
        const again = alignLike(offset, shared.subarray(place, place + length))
        back.set(shared.subarray(place, place + length), again)
        assert.deepEqual([...back.subarray(again, again + length)], [...source])
        assert.ok(back.every((byte, at) => (at >= again && at < again + length) || byte === GUARD))
      }
    }
  }
})
