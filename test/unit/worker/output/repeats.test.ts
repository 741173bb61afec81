import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '../../../../src/worker/output/arena.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { Repeats } from '../../../../src/worker/output/repeats.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { Timestamp } from '../../../../src/worker/input/timestamp.ts'
import {
  decodeParts, type DecodedEntry, encoderSettings, encodeTask, lay, nanoseconds, recordText, rsyslogMessage
} from '../../../helpers/worker-fixtures.ts'

const SECOND = 1_000_000_000n
const BASE = BigInt(Date.UTC(2026, 10, 22, 8)) * 1_000_000n

interface Entry { host: string, time: bigint, line: string }

function rfc3339 (time: bigint): string {
  const nanos = String(time % SECOND).padStart(9, '0')
  return `${new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19)}.${nanos}Z`
}

const message = (entries: readonly Entry[]): Buffer =>
  rsyslogMessage(entries.map(({ host, time, line }) => recordText({ host, '@timestamp': rfc3339(time), message: line })))

/** Returns what the encoder stores of each host, in order. */
function stored (messages: readonly Buffer[], encoder = new Encoder(encoderSettings())): Map<string, Entry[]> {
  const hosts = new Map<string, Entry[]>()
  for (const { labels, time, line } of decodeParts(encoder.encode(encodeTask(messages)).parts)) {
    const host = /host="([^"]*)"/.exec(labels)![1]
    add(hosts, { host, time, line })
  }
  return hosts
}

function add (hosts: Map<string, Entry[]>, entry: Entry): void {
  const list = hosts.get(entry.host)
  if (list === undefined) hosts.set(entry.host, [entry])
  else list.push(entry)
}

/**
 * Models the rule: in message order, an entry whose like is already at its time moves to the next nanosecond without
 * one.
 */
function model (messages: ReadonlyArray<readonly Entry[]>): Map<string, Entry[]> {
  const hosts = new Map<string, Entry[]>()
  for (const entries of messages) {
    const taken = new Set<string>()
    for (const { host, time: wanted, line } of entries) {
      let time = wanted
      while (taken.has(`${host} ${time} ${line}`)) time++
      taken.add(`${host} ${time} ${line}`)
      add(hosts, { host, time, line })
    }
  }
  return hosts
}

function assertDistinct (entries: readonly Entry[]): void {
  assert.equal(new Set(entries.map(({ host, time, line }) => `${host} ${time} ${line}`)).size, entries.length)
}

const entry = fc.record({
  host: fc.constantFrom('h1', 'h2'),
  // There are few times, close together and around the end of a second, so that they often collide.
  time: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-1000, 1000)).map(nanos => BASE + BigInt(nanos)),
  line: fc.constantFrom('a', 'b', '')
})

/** Their earlier batches must make no difference. */
const [worker, another] = [new Encoder(encoderSettings()), new Encoder(encoderSettings())]

test('any messages: each stored as the rule says, whatever came in the others', () => {
  fc.assert(fc.property(fc.array(fc.array(entry, { maxLength: 25 }), { minLength: 1, maxLength: 4 }), messages => {
    const expected = model(messages)
    assert.deepEqual(stored(messages.map(message), worker), expected)
    for (const one of messages) assertDistinct([...model([one]).values()].flat())
  }), { numRuns: 400 })
})

test('a message delivered again gives the same entries, in whatever company and on whichever worker', () => {
  fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 25 }), fc.array(entry, { maxLength: 25 }), (entries, others) => {
    const alone = stored([message(entries)], worker)
    assert.deepEqual(stored([message(entries)], worker), alone)
    for (const [host, list] of stored([message(others), message(entries)], another)) {
      const own = alone.get(host) ?? []
      assert.deepEqual(list.slice(list.length - own.length), own)
    }
  }), { numRuns: 300 })
})

suite('whole seconds', () => {
  const times = (entries: readonly Entry[] | undefined): bigint[] => entries!.map(({ time }) => time - BASE)

  test('4,000 equal records lie a nanosecond apart', () => {
    const entries = Array.from({ length: 4000 }, () => ({ host: 'h', time: BASE, line: 'same' }))
    assert.deepEqual(times(stored([message(entries)]).get('h')), Array.from({ length: 4000 }, (_, i) => BigInt(i)))
  })

  test('4,000 records of two lines, in turn, count each line for itself', () => {
    const entries = Array.from({ length: 4000 }, (_, i) => ({ host: 'h', time: BASE, line: i % 2 === 0 ? 'even' : 'odd' }))
    assert.deepEqual(times(stored([message(entries)]).get('h')), Array.from({ length: 4000 }, (_, i) => BigInt(Math.floor(i / 2))))
  })

  test('4,000 different lines keep their second', () => {
    const entries = Array.from({ length: 4000 }, (_, i) => ({ host: 'h', time: BASE, line: `line ${i}` }))
    assert.ok(times(stored([message(entries)]).get('h')).every(time => time === 0n))
  })

  test('the last nanosecond of a second is followed by the first of the next', () => {
    const last = BASE + SECOND - 1n
    const entries = Array.from({ length: 3 }, () => ({ host: 'h', time: last, line: 'same' }))
    assert.deepEqual(times(stored([message(entries)]).get('h')), [SECOND - 1n, SECOND, SECOND + 1n])
  })

  test('a repeat that was moved makes way for nobody: who comes to its place moves on', () => {
    const at = (nanos: bigint): Entry => ({ host: 'h', time: BASE + nanos, line: 'same' })
    assert.deepEqual(times(stored([message([at(0n), at(0n), at(1n), at(0n)])]).get('h')), [0n, 1n, 2n, 3n])
  })
})

test('times in a row, each of them twice, cost no more than others', { timeout: 60_000 }, () => {
  const once = Array.from({ length: 20_000 }, (_, i) => ({ host: 'h', time: BASE + BigInt(i), line: '' }))
  const times = stored([message([...once, ...once])]).get('h')!.map(({ time }) => time - BASE)
  assert.deepEqual(times, Array.from({ length: 40_000 }, (_, i) => BigInt(i)))
})

test('what is written down of a message is forgotten with it', () => {
  const [kernel, settings] = [new Kernel(), encoderSettings()]
  const arena = new Arena(settings, new Fields(settings, kernel), kernel)
  const line = lay(kernel, 'same')
  arena.clear(kernel.window(4))
  const repeats = new Repeats(arena)
  const streams = [new Stream('{a="1"}', '', 1), new Stream('{a="2"}', '', 1)]
  const store = (stream: Stream): bigint => {
    const time = Object.assign(new Timestamp(), { seconds: 100, nanos: 5 })
    repeats.separate(stream, time, ...line)
    arena.append(stream, ...line, time)
    return nanoseconds(time)
  }
  for (let i = 0; i < 2; i++) {
    repeats.nextMessage()
    for (const stream of streams) assert.deepEqual([store(stream), store(stream)], [100n * SECOND + 5n, 100n * SECOND + 6n])
    assert.ok(streams.every(({ seen }) => seen?.size === 2))
  }
  repeats.nextMessage()
  assert.ok(streams.every(({ seen }) => seen === undefined))
})

suite('a message larger than what is written out at once (8 MiB)', () => {
  const filler = 'x'.repeat(100_000)
  const mixed = (count: number): Entry[] => Array.from(
    { length: count }, (_, i) => ({ host: `h${i % 3}`, time: BASE + BigInt(i % 2), line: i % 4 === 3 ? 'same' : filler })
  )

  test('keeps its repeats apart across the pieces', () => {
    const entries = mixed(300)
    const messages = [message(entries)]
    assert.ok(messages[0].length > 2 * 8 * 1024 * 1024)
    assert.deepEqual(stored(messages), model([entries]))
  })

  test('and the message behind it starts afresh, as does one before', () => {
    const messages = [[{ host: 'h0', time: BASE, line: 'same' }], mixed(150), mixed(7), [{ host: 'h1', time: BASE + 1n, line: 'same' }]]
    assert.deepEqual(stored(messages.map(message)), model(messages))
  })

  test('a stream that rests while others fill the room is still remembered', () => {
    const rest = { host: 'quiet', time: BASE, line: 'same' }
    const noise = mixed(120)
    const entries = [rest, ...noise, rest, ...noise, rest]
    assert.deepEqual(stored([message(entries)]).get('quiet')!.map(({ time }) => time - BASE), [0n, 1n, 2n])
  })
})

suite('lines that are split', () => {
  const encoder = new Encoder(encoderSettings({ maxLineBytes: 1024 }))
  const encode = (entries: readonly Entry[]): DecodedEntry[] => decodeParts(encoder.encode(encodeTask([message(entries)])).parts)

  test('the pieces of a line rise in time, and of equal lines none equals another', () => {
    const piece = fc.constantFrom('a'.repeat(1024), 'b'.repeat(1024))
    const long = fc.array(piece, { minLength: 1, maxLength: 4 }).map(pieces => pieces.join(''))
    const timed = fc.record({
      host: fc.constant('h'),
      time: fc.integer({ min: 0, max: 2 }).map(nanos => BASE + BigInt(nanos)),
      line: fc.oneof(long, fc.constant('a'))
    })
    fc.assert(fc.property(fc.array(timed, { minLength: 1, maxLength: 6 }), entries => {
      const result = encode(entries)
      assert.equal(new Set(result.map(({ time, line }) => `${time} ${line}`)).size, result.length)
      let last = -1n
      for (const { time, metadata } of result) {
        const [number] = (metadata.piece ?? '1/1').split('/')
        if (number !== '1') assert.ok(time > last, 'behind the piece before')
        last = time
      }
    }), { numRuns: 300 })
  })
})

test('any records of any sizes: no two entries of one message are ever equal in stream, time and line', () => {
  const sized = fc.record({
    host: fc.constantFrom('h1', 'h2'),
    time: fc.integer({ min: 0, max: 1 }).map(nanos => BASE + BigInt(nanos)),
    line: fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(0, 1, 10, 1023, 1024, 1025, 2048, 3000))
      .map(([character, length]) => character.repeat(length))
  })
  const encoders = [encoderSettings().metadata, []].map(metadata => new Encoder(encoderSettings({ maxLineBytes: 1024, metadata })))
  fc.assert(fc.property(fc.array(sized, { maxLength: 40 }), fc.constantFrom(...encoders), (entries, encoder) => {
    const result = decodeParts(encoder.encode(encodeTask([message(entries)])).parts)
    assert.equal(new Set(result.map(({ labels, time, line }) => `${labels} ${time} ${line}`)).size, result.length)
  }), { numRuns: 400 })
})
