import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '../../../../src/worker/output/arena.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { EntryTimes } from '../../../../src/worker/output/entry-times.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { Timestamp } from '../../../../src/worker/input/timestamp.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { anySeed } from '../../../helpers/seed.ts'
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
    const host = /host="([^"]*)"/.exec(labels)?.[1] ?? 'none'
    add(hosts, { host, time, line })
  }
  return hosts
}

function add (hosts: Map<string, Entry[]>, entry: Entry): void {
  const list = hosts.get(entry.host)
  if (list === undefined) hosts.set(entry.host, [entry])
  else list.push(entry)
}

const SEED = anySeed()

/**
 * Models the rule for the messages of a batch: an entry gets the first time from its own on that none of its stream
 * has, and a message that came before gets the times that it got then.
 */
function model (messages: ReadonlyArray<readonly Entry[]>): Map<string, Entry[]> {
  const hosts = new Map<string, Entry[]>()
  const taken = new Set<string>()
  const before = new Map<string, Entry[]>()
  for (const entries of messages) {
    const bytes = message(entries).toString('latin1')
    const timed = before.get(bytes) ?? entries.map(({ host, time: wanted, line }) => {
      let time = wanted
      while (taken.has(`${host} ${time}`)) time++
      taken.add(`${host} ${time}`)
      return { host, time, line }
    })
    before.set(bytes, timed)
    for (const entry of timed) add(hosts, entry)
  }
  return hosts
}

function assertDistinct (entries: readonly Entry[]): void {
  assert.equal(new Set(entries.map(({ host, time }) => `${host} ${time}`)).size, entries.length)
}

const entry = fc.record({
  host: fc.constantFrom('h1', 'h2'),
  // There are few times, close together and around the end of a second, so that they often collide.
  time: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-1000, 1000)).map(nanos => BASE + BigInt(nanos)),
  line: fc.constantFrom('a', 'b', '')
})
/** Many of them have only times that rise, or stay as they are. */
const entries = fc.oneof(
  fc.array(entry, { maxLength: 25 }),
  fc.array(entry, { maxLength: 25 }).map(list => list.toSorted((a, b) => Number(a.time - b.time)))
)
/** Some messages come again, next to their originals or later. */
const batch = fc.tuple(fc.array(entries, { minLength: 1, maxLength: 5 }), fc.array(fc.nat({ max: 100 }), { maxLength: 4 }))
  .map(([messages, again]) => [...messages, ...again.map(one => messages[one % messages.length])])

/** Their earlier batches must make no difference. */
const [worker, another] = [new Encoder(encoderSettings()), new Encoder(encoderSettings())]

test('any messages of a batch: each entry gets the time that the rule says', t => {
  t.diagnostic(`seed ${SEED}`)
  fc.assert(fc.property(batch, messages => {
    const expected = model(messages)
    assert.deepEqual(stored(messages.map(message), worker), expected)
    const bytes = messages.map(one => message(one).toString('latin1'))
    assertDistinct([...model(messages.filter((_, i) => bytes.indexOf(bytes[i]) === i)).values()].flat())
  }), { numRuns: scaled(1000), seed: SEED })
})

test('a message delivered again gives the same entries, on whichever worker', t => {
  t.diagnostic(`seed ${SEED}`)
  fc.assert(fc.property(entries, list => {
    assert.deepEqual(stored([message(list)], another), stored([message(list)], worker))
  }), { numRuns: scaled(300), seed: SEED })
})

test('and so it does beside messages that have other times, and to nothing but those that have the same', () => {
  const at = (nanos: bigint, line: string): Entry => ({ host: 'h', time: BASE + nanos, line })
  const own = [at(0n, 'a'), at(0n, 'b'), at(5n, 'c')]
  const times = (others: Entry[]): bigint[] => stored([message(others), message(own)]).get('h')!.slice(others.length)
    .map(({ time }) => time - BASE)
  assert.deepEqual(times([at(-9n, 'x'), at(100n, 'y'), at(2n, 'z')]), [0n, 1n, 5n])
  assert.deepEqual(times([at(5n, 'x'), at(5n, 'y')]), [0n, 1n, 7n])
})

test('an entry that goes elsewhere when its message comes again leaves the times of the others as they are', () => {
  const encoder = new Encoder(encoderSettings({ backlogLabel: undefined }))
  const at = (minutes: number, line: string): Entry => ({ host: 'h', time: BASE + BigInt(minutes) * 60n * SECOND, line })
  const old = [at(-100, 'late next time'), at(-50, 'a'), at(-50, 'b')]
  const entries = stored([old, [at(0, 'new')], old].map(message), encoder)
  assert.deepEqual(entries.get('h')!.map(({ time, line }) => [line, time - BASE + 50n * 60n * SECOND]), [
    ['late next time', -50n * 60n * SECOND], ['a', 0n], ['b', 1n], ['new', 50n * 60n * SECOND], ['a', 0n], ['b', 1n]
  ])
})

suite('whole seconds', () => {
  const times = (entries: readonly Entry[] | undefined): bigint[] => entries!.map(({ time }) => time - BASE)

  test('4,000 equal records lie a nanosecond apart', () => {
    const entries = Array.from({ length: 4000 }, () => ({ host: 'h', time: BASE, line: 'same' }))
    assert.deepEqual(times(stored([message(entries)]).get('h')), Array.from({ length: 4000 }, (_, i) => BigInt(i)))
  })

  test('4,000 different lines stay in their order, a nanosecond apart, in one message or in many', () => {
    const entries = Array.from({ length: 4000 }, (_, i) => ({ host: 'h', time: BASE, line: `line ${i}` }))
    for (const messages of [[message(entries)], entries.map(one => message([one]))]) {
      const result = stored(messages).get('h')!
      assert.deepEqual(result.map(({ line }) => line), entries.map(({ line }) => line))
      assert.deepEqual(times(result), Array.from({ length: 4000 }, (_, i) => BigInt(i)))
    }
  })

  test('messages sent again in a batch, in any order, get their own times again', () => {
    const messages = Array.from({ length: 200 }, (_, i) => [1, 2, 3].map(j => ({ host: 'h', time: BASE, line: `line ${i} ${j}` })))
    const again = messages.map((_, i) => messages[i * 77 % 200])
    const result = stored([...messages, ...messages, ...again].map(message)).get('h')!
    const firstOf = new Map(result.slice(0, 600).map(({ line, time }) => [line, time]))
    assert.equal(new Set(firstOf.values()).size, 600)
    assert.ok(result.every(({ line, time }) => firstOf.get(line) === time))
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

test('1,500 entries at one microsecond make those of the next wait, whatever the order of both', () => {
  const at = (micros: bigint, count: number): Entry[] =>
    Array.from({ length: count }, () => ({ host: 'h', time: BASE + 1000n * micros, line: '' }))
  const range = (from: number, to: number): bigint[] => Array.from({ length: to - from }, (_, i) => BigInt(from + i))
  const times = (...entries: Entry[]): bigint[] => stored([message(entries)]).get('h')!.map(({ time }) => time - BASE)
  assert.deepEqual(times(...at(0n, 1500), ...at(1n, 1500)), range(0, 3000))
  assert.deepEqual(times(...at(1n, 1500), ...at(0n, 1500)), [...range(1000, 2500), ...range(0, 1000), ...range(2500, 3000)])
  assert.deepEqual(times(...at(0n, 1500), ...at(1n, 1), ...at(0n, 1500)), range(0, 3001))
})

test('the times of a batch are forgotten with it', () => {
  const [kernel, settings] = [new Kernel(), encoderSettings()]
  const arena = new Arena(settings, new Fields(settings, kernel), kernel)
  const line = lay(kernel, 'same')
  arena.clear(kernel.window(4))
  const times = new EntryTimes(arena)
  const streams = [new Stream('{a="1"}', '', 1), new Stream('{a="2"}', '', 1)]
  const store = (stream: Stream, nanos: number): bigint => {
    const time = Object.assign(new Timestamp(), { seconds: 100, nanos })
    times.separate(stream, time)
    arena.append(stream, ...line, time)
    return nanoseconds(time) - 100n * SECOND
  }
  for (let i = 0; i < 2; i++) {
    times.begin(encodeTask([line.join()].map(text => Buffer.from(text))))
    times.nextMessage()
    for (const stream of streams) assert.deepEqual([store(stream, 5), store(stream, 4), store(stream, 4)], [5n, 4n, 6n])
    arena.clear()
    for (const stream of streams) stream.clear()
  }
})

suite('a message larger than what is written out at once (8 MiB)', () => {
  const filler = 'x'.repeat(100_000)
  const mixed = (count: number): Entry[] => Array.from(
    { length: count }, (_, i) => ({ host: `h${i % 3}`, time: BASE + BigInt(i % 2), line: i % 4 === 3 ? 'same' : filler })
  )

  test('keeps its entries apart across the pieces', () => {
    const entries = mixed(300)
    const messages = [message(entries)]
    assert.ok(messages[0].length > 2 * 8 * 1024 * 1024)
    assert.deepEqual(stored(messages), model([entries]))
  })

  test('nor does the message behind it take their times, or those of one before', () => {
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
      assert.equal(new Set(result.map(({ time }) => time)).size, result.length)
      let last = -1n
      for (const { time, metadata } of result) {
        const [number] = (metadata.piece ?? '1/1').split('/')
        if (number !== '1') assert.ok(time > last, 'behind the piece before')
        last = time
      }
    }), { numRuns: scaled(300) })
  })
})

test('any records of any sizes: no two entries of one message are ever equal in stream and time', () => {
  const sized = fc.record({
    host: fc.constantFrom('h1', 'h2'),
    time: fc.integer({ min: 0, max: 1 }).map(nanos => BASE + BigInt(nanos)),
    line: fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(0, 1, 10, 1023, 1024, 1025, 2048, 3000))
      .map(([character, length]) => character.repeat(length))
  })
  const encoders = [encoderSettings().metadata, []].map(metadata => new Encoder(encoderSettings({ maxLineBytes: 1024, metadata })))
  fc.assert(fc.property(fc.array(sized, { maxLength: 40 }), fc.constantFrom(...encoders), (entries, encoder) => {
    const result = decodeParts(encoder.encode(encodeTask([message(entries)])).parts)
    assert.equal(new Set(result.map(({ labels, time }) => `${labels} ${time}`)).size, result.length)
  }), { numRuns: scaled(400) })
})
