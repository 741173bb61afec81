import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '../../../../../src/worker/output/arena.ts'
import { Fields } from '../../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../../src/worker/kernel/kernel.ts'
import { decodePush, type PushEntry } from '../../../../../src/worker/output/push-schema.ts'
import { readPush } from '../../../../helpers/push-reader.ts'
import { scaled } from '../../../../helpers/scaled.ts'
import { encoderSettings, lay, mappings } from '../../../../helpers/worker-fixtures.ts'

const NAMES = ['level', 'file', 'n'.repeat(127), 'n'.repeat(128)]
const settings = encoderSettings({ metadata: NAMES.flatMap(name => mappings(name)) })

class Entries {
  readonly kernel = new Kernel()
  readonly #fields = new Fields(settings, this.kernel)
  readonly arena = new Arena(settings, this.#fields, this.kernel)

  /**
   * Writes an entry of this line and metadata, behind its sources and between foreign bytes. Two libraries read it
   * back.
   */
  write (line: string | Buffer, seconds = 1_795_335_300, nanos = 5, metadata: Record<string, string> = {}): PushEntry {
    const { kernel } = this
    const texts = [line, ...Object.values(metadata)].map(text => Buffer.from(text as string))
    const [start, end] = lay(kernel, Buffer.concat(texts), '', Buffer.from([0x80, 0x80, 0x80]))
    let from = start + texts[0].length
    this.#fields.clear()
    for (const [i, name] of Object.keys(metadata).entries()) this.#fields.set(this.#fields.slot(name), from, from += texts[i + 1].length)
    const at = end + 100
    kernel.reserve(at + 2 * (end - start) + 4096)
    kernel.bytes.fill(0xee, at - 64, at + 2 * (end - start) + 4096)
    const written = kernel.run.writeEntry(at, start, start + texts[0].length, seconds, nanos)
    assert.ok(kernel.bytes.subarray(at - 64, at).every(byte => byte === 0xee), 'nothing before it is touched')
    assert.ok(kernel.bytes.subarray(written + 16, written + 128).every(byte => byte === 0xee), 'and no more than 16 bytes behind it')
    return one(kernel.bytes.subarray(at, written))
  }
}

/** Wraps the entry as the only one of its stream, in the only stream of a push. */
function one (entry: Uint8Array): PushEntry {
  const length: number[] = []
  for (let rest = entry.length; rest > 0; rest = Math.floor(rest / 128)) length.push(rest % 128 | (rest >= 128 ? 0x80 : 0))
  const push = Buffer.concat([Buffer.of(0x0a, ...length), entry])
  const read = readPush(push)
  assert.deepEqual(decodePush(push), read, 'protobufjs and pbf')
  assert.deepEqual([read.streams.length, read.streams[0].entries.length], [1, 1])
  return read.streams[0].entries[0]
}

const pairs = (metadata: Record<string, string>): PushEntry['structuredMetadata'] => Object.entries(metadata)
  .map(([name, value]) => ({ name, value }))
const sizes = [
  0, 1, 15, 16, 17, 31, 32, 33, 100, 126, 127, 128, 129, 255, 256, 511, 512, 513, 528, 16_382, 16_383, 16_384, 16_385, 2_097_151, 2_097_152
]

test('lines about every length that is copied or counted another way', () => {
  const entries = new Entries()
  for (const size of sizes) {
    for (const more of [-40, -24, -12, -1, 0]) {
      const line = Buffer.alloc(Math.max(0, size + more), 'abcdefghijklmnopqrstuvwxyz0123456789').toString()
      assert.deepEqual(entries.write(line), { timestamp: { seconds: 1_795_335_300, nanos: 5 }, line, structuredMetadata: [] })
    }
  }
})

test('a line of many MiB', () => {
  const line = Buffer.alloc(20 * 1024 * 1024, 'a line that goes on and on; ').toString()
  const entry = new Entries().write(line, 1, 2, { level: 'info' })
  assert.ok(entry.line === line)
  assert.deepEqual([entry.timestamp, entry.structuredMetadata], [{ seconds: 1, nanos: 2 }, pairs({ level: 'info' })])
})

test('any time', () => {
  const entries = new Entries()
  const edges = [7, 14, 21, 28, 31, 32, 35, 42, 49].flatMap(bits => [2 ** bits - 1, 2 ** bits])
  const seconds = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 1, ...edges, 253_402_300_799))
  const nanos = fc.oneof(
    fc.nat({ max: 999_999_999 }),
    fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, 999_999_999)
  )
  fc.assert(fc.property(seconds, nanos, (seconds, nanos) => {
    assert.deepEqual(entries.write('line', seconds, nanos), { timestamp: { seconds, nanos }, line: 'line', structuredMetadata: [] })
  }), { numRuns: scaled(2000) })
})

suite('metadata', () => {
  test('any values: in the order of the settings, the empty ones left out', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom(...sizes.filter(size => size <= 2048)).map(size => 'v'.repeat(size))
    )
    const entries = new Entries()
    fc.assert(fc.property(text, fc.record(Object.fromEntries(NAMES.map(name => [name, text])), { requiredKeys: [] }), (line, all) => {
      const metadata = Object.fromEntries(NAMES.filter(name => (all[name] ?? '') !== '')
        .map(name => [name, all[name]])) as Record<string, string>
      assert.deepEqual(entries.write(line, 1, 0, all as Record<string, string>), {
        timestamp: { seconds: 1, nanos: 0 }, line, structuredMetadata: pairs(metadata)
      })
      assert.equal(entries.kernel.run.takeCuts(), 0)
    }), { numRuns: scaled(1000) })
  })

  test('a value beyond 2,048 bytes is cut where no character is broken, and counted once', () => {
    const entries = new Entries()
    for (const character of ['x', 'é', '日', '\u{1f600}']) {
      for (let before = 2010; before <= 2050; before++) {
        const file = 'x'.repeat(before) + character.repeat(9)
        let cut = file
        while (Buffer.byteLength(cut) > 2048) cut = [...cut].slice(0, -1).join('')
        assert.deepEqual(entries.write('line', 1, 0, { level: 'info', file }).structuredMetadata, pairs({ level: 'info', file: cut }))
        assert.deepEqual([entries.kernel.run.takeCuts(), entries.kernel.run.takeCuts()], [cut === file ? 0 : 1, 0])
      }
    }
  })
})
