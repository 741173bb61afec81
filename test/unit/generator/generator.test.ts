import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createGenerator, type GeneratorOptions } from '../../../src/generator/generator.ts'
import { encodeMessage } from '../../../src/generator/message.ts'
import { renderRecord, type LogRecord } from '../../../src/generator/records.ts'
import { SOURCES } from '../../../src/generator/sources.ts'
import { recordsOf } from './read-message.ts'

const NOW = Date.UTC(2026, 10, 22, 8, 0, 1, 234)
const TIME = /^2026-11-22T\d\d:\d\d:\d\d\.\d{6}\+00:00$/

function read (bytes: Buffer): LogRecord {
  const { '@timestamp': timestamp, ...rest } = JSON.parse(bytes.toString()) as { '@timestamp': string } & Omit<LogRecord, 'timestamp'>
  return { timestamp, ...rest }
}

/** Runs a generator and reads its records. Each message moves the clock by `tick` milliseconds. */
function generate (options: Omit<GeneratorOptions, 'now'>, messages: number, tick = 3): { records: LogRecord[], hosts: number[] } {
  let now = NOW
  const generator = createGenerator({ ...options, now: () => (now += tick) })
  const records: LogRecord[] = []
  const hosts: number[] = []
  for (let i = 0; i < messages; i++) {
    const { message, host } = generator.next()
    for (const bytes of recordsOf(message)) {
      records.push(read(bytes))
      hosts.push(host)
    }
  }
  assert.equal(generator.sent, records.length)
  return { records, hosts }
}

test('the fast way makes the bytes that the plain renderer makes', () => {
  const generator = createGenerator({ hosts: 40, seed: 3, recordsPerMessage: 200 })
  for (let i = 0; i < 40; i++) {
    const { message } = generator.next()
    assert.deepEqual(encodeMessage(recordsOf(message).map(bytes => Buffer.from(renderRecord(read(bytes))))), message)
  }
})

test('every slot of every line is filled, each line in the form of its source', () => {
  const { records } = generate({ hosts: 60, seed: 5, recordsPerMessage: 500 }, 120)
  const sources = new Map(SOURCES.map(source => [source.name, source]))
  for (const record of records) {
    const source = sources.get(record.source)
    assert.ok(source !== undefined, record.source)
    assert.doesNotMatch(record.message + record.tag, /\{(n|hex|uuid|req|oslo|seq|instance)\b/)
    assert.match(record.message, / seq=\d{10}$/)
    assert.match(record.timestamp, TIME)
    assert.equal(record.file, source.file)
    assert.equal(record.facility, source.facility)
    if (source.file === '') {
      assert.match(record.message, /^ /, 'a space after the tag')
      assert.match(record.tag, record.source === 'kernel' ? /^kernel:$/ : /^[\w-]+\[[1-9]\d{4}\]:$/)
      assert.ok(source.lines.some(line => line.severity === record.severity))
    } else {
      assert.deepEqual([record.severity, record.facility, record.tag], ['5', 'local0', record.source])
    }
    if (record.source === 'sudo') assert.match(record.message, /sudo/)
  }
  assert.equal(new Set(records.map(({ source }) => source)).size, SOURCES.length)
})

test('oslo.log lines carry their time, level and request', () => {
  const { records } = generate({ hosts: 20, clouds: 1, seed: 7, recordsPerMessage: 500 }, 20)
  const levels = new Map<string, number>()
  for (const { source, message, timestamp } of records.filter(record => /^(nova|neutron|cinder)-/.test(record.source))) {
    const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) \d\d (INFO|DEBUG|WARNING|ERROR) [\w.]+ \[(None )?req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}( |\])/.exec(
      message
    )
    assert.ok(match !== null, `${source}: ${message}`)
    assert.equal(`${match[1]}T${match[2]}`, timestamp.slice(0, 23))
    levels.set(match[3], (levels.get(match[3]) ?? 0) + 1)
  }
  const share = (level: string) => (levels.get(level) ?? 0) / [...levels.values()].reduce((a, b) => a + b)
  assert.ok(share('INFO') > 0.6 && share('ERROR') > 0.005 && share('ERROR') < 0.1 && share('WARNING') > 0.01, JSON.stringify([...levels]))
  assert.ok(records.some(({ message }) => message.includes('Traceback') && message.split('\n').length > 3))
})

test('numbers are consecutive; times strictly increase on each host and are never ahead of a clock that goes on', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 4 }), fc.nat(),
    (hosts, recordsPerMessage, tick, seed) => {
      const { records, hosts: of } = generate({ hosts, recordsPerMessage, seed, firstSequence: 99_990 }, 20, tick)
      const last = new Map<number, string>()
      for (const [i, record] of records.entries()) {
        assert.equal(Number(record.message.slice(-10)), 99_990 + i)
        assert.ok(record.timestamp > (last.get(of[i]) ?? ''), `${last.get(of[i])} then ${record.timestamp}`)
        last.set(of[i], record.timestamp)
      }
      const end = new Date(NOW + 20 * tick).toISOString().slice(0, -1)
      // While the clock stands still, each record is a microsecond later than the last.
      if (tick > 0) for (const time of last.values()) assert.ok(time.slice(0, 26) <= `${end}999`, `${time} is after ${end}`)
    }), { numRuns: 40 })
})

test('the same seed and clock make the same bytes, another seed others', () => {
  const bytes = (seed: number) => {
    const generator = createGenerator({ hosts: 4, seed, recordsPerMessage: 50, now: () => NOW })
    return Buffer.concat(Array.from({ length: 8 }, () => generator.next().message))
  }
  assert.deepEqual(bytes(11), bytes(11))
  assert.notDeepEqual(bytes(11), bytes(12))
})

test('the fleet: hosts by role and cloud, one host a message, about 20 streams a host, 526 bytes a record', () => {
  const generator = createGenerator({ hosts: 100, clouds: 3, seed: 13, recordsPerMessage: 1000, now: () => NOW })
  const streams = new Set<string>()
  let bytes = 0
  for (let i = 0; i < 200; i++) {
    const { message, host } = generator.next()
    for (const record of recordsOf(message)) {
      const { cloud, region, host: name, source } = read(record)
      assert.deepEqual({
        cloud, region, name
      }, { cloud: generator.hosts[host].cloud, region: generator.hosts[host].region, name: generator.hosts[host].name })
      streams.add([cloud, region, name, source].join())
      bytes += record.length
    }
  }
  assert.match(generator.hosts[99].name, /^compute-00\d\d\.cloud1\.example\.org$/)
  assert.deepEqual([...new Set(generator.hosts.map(({ cloud }) => cloud))], ['cloud1', 'cloud2', 'cloud3'])
  assert.equal(new Set(generator.hosts.map(({ name }) => name)).size, 100)
  assert.ok(streams.size > 1_800 && streams.size < 2_300, `${streams.size} streams`)
  assert.ok(Math.abs(bytes / generator.sent - 526) < 20, `${bytes / generator.sent} bytes a record`)
})

test('fewer records are made when fewer are asked for, from the host that is named', () => {
  const generator = createGenerator({ hosts: 3, recordsPerMessage: 10 })
  assert.deepEqual([generator.next(4).records, generator.next(99).records, generator.next(0).records], [4, 10, 1])
  assert.equal(generator.next(1, 2).host, 2)
  assert.equal(generator.sent, 16)
  assert.ok(Number.isInteger(generator.seed))
  assert.throws(() => createGenerator({ hosts: 0, recordsPerMessage: 1 }), RangeError)
  assert.throws(() => createGenerator({ hosts: 1, clouds: 0, recordsPerMessage: 1 }), RangeError)
  assert.throws(() => createGenerator({ hosts: 1, recordsPerMessage: 1.5 }), RangeError)
})
