import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { lay } from '../../../helpers/worker-fixtures.ts'

const overlap = (ranges: Array<[start: number, end: number]>): boolean =>
  ranges.sort(([a], [b]) => a - b).some(([start], i) => i > 0 && start < ranges[i - 1][1])

suite('the memory', () => {
  test('what is allocated is zeroed, lies apart, and outlives any batch and any growth', () => {
    const kernel = new Kernel()
    const sizes = [0, 1, 16, 17, 100_000, 3_000_000]
    const places = sizes.map(size => kernel.allocate(size))
    assert.ok(sizes.every((size, i) => kernel.bytes.subarray(places[i], places[i] + size).every(byte => byte === 0)))
    sizes.forEach((size, i) => kernel.bytes.fill(i + 1, places[i], places[i] + size))
    const text = kernel.text('für immer')
    assert.ok(!overlap([...sizes.map((size, i): [number, number] => [places[i], places[i] + size]), [text.at, text.at + text.length]]))
    for (const length of [0, 1, 5_000_000, 10]) {
      const end = kernel.window(length)
      const start = kernel.input(Buffer.alloc(length, 0xee))
      kernel.bytes.fill(0xdd, end, kernel.bytes.length)
      assert.ok(start >= text.at + text.length && end >= start + length + 32)
      assert.ok(kernel.bytes.subarray(start, start + length).every(byte => byte === 0xee))
      sizes.forEach((size, i) => assert.ok(kernel.bytes.subarray(places[i], places[i] + size).every(byte => byte === i + 1)))
      assert.equal(kernel.bytes.toString('utf8', text.at, text.at + text.length), 'für immer')
    }
  })

  test('messages replace those before, wherever in a word they lay; what is behind the window stays', () => {
    const kernel = new Kernel()
    const end = kernel.window(100)
    kernel.bytes.fill(0xdd, end, end + 16)
    const source = Buffer.from(Array.from({ length: 120 }, (_, i) => i))
    for (let from = 0; from < 20; from++) {
      for (const length of [0, 1, 50, 100]) {
        const start = kernel.input(source.subarray(from, from + length))
        assert.ok(kernel.bytes.subarray(start, start + length).equals(source.subarray(from, from + length)))
        assert.ok(start + length + 32 <= end && kernel.bytes.subarray(end, end + 16).every(byte => byte === 0xdd))
      }
    }
  })

  test('what is reserved is there, with some room behind it, and what was in it stays', () => {
    const kernel = new Kernel()
    const [start] = lay(kernel, 'a batch')
    for (const end of [100, 65_536, 65_536 * 3 - 1, 10_000_000]) {
      kernel.reserve(end)
      assert.ok(kernel.bytes.length >= end + 32)
      assert.equal(kernel.bytes.byteLength, kernel.words.byteLength)
      assert.equal(kernel.bytes.toString('utf8', start, start + 7), 'a batch')
    }
  })

  test('more than can be addressed is an error, and leaves the kernel as it was', () => {
    const kernel = new Kernel()
    const [start] = lay(kernel, 'a batch')
    for (const end of [2 ** 31, 2 ** 32, 2 ** 40]) assert.throws(() => kernel.reserve(end), RangeError)
    assert.equal(kernel.bytes.toString('utf8', start, start + 7), 'a batch')
  })

  test('two kernels share nothing', () => {
    const [one, other] = [new Kernel(), new Kernel()]
    const [start] = lay(one, 'mine')
    lay(other, 'your')
    assert.equal(one.bytes.toString('utf8', start, start + 4), 'mine')
  })
})

test('copies of any length, from and to any place', () => {
  const kernel = new Kernel()
  const source = Buffer.from(Array.from({ length: 1200 }, (_, i) => i % 251))
  const end = kernel.window(source.length)
  const start = kernel.input(source)
  kernel.reserve(end + 4096)
  for (const length of [...Array(80).keys(), 127, 128, 496, 511, 512, 513, 514, 600, 1000]) {
    for (const [from, to] of [[0, 0], [1, 0], [0, 1], [7, 13], [16, 5]]) {
      kernel.bytes.fill(0xff, end, end + 4096)
      kernel.run.copy(end + 64 + to, start + from, start + from + length)
      const target = kernel.bytes.subarray(end, end + 4096)
      assert.ok(target.subarray(64 + to, 64 + to + length).equals(source.subarray(from, from + length)))
      assert.ok([target.subarray(0, 64 + to), target.subarray(64 + to + length + 15)].every(rest => rest.every(byte => byte === 0xff)))
    }
  }
})
