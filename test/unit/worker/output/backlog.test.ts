import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Backlog, BacklogTask, Part } from '../../../../src/worker/messages/tasks.ts'
import type { EncoderSettings } from '../../../../src/worker/messages/settings.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { BacklogMaker } from '../../../../src/worker/output/backlog.ts'
import { ActiveStreams } from '../../../../src/worker/streams/active-streams.ts'
import { shardOf } from '../../../../src/worker/streams/labels.ts'
import { encodeMessages } from '../../../helpers/encode-records.ts'
import {
  ARRIVAL, counters, decodeParts, encoderSettings, encodeTask, recordText, rsyslogMessage
} from '../../../helpers/worker-fixtures.ts'

const LABELS = 'cloud="cloud1", host="h1", region="regionOne", service_name="tag1", source="tag1"'
const backlogOf = (value: string, host = 'h1'): string => `{backlog="${value}", ${LABELS.replace('h1', host)}}`
const at = (time: string, host = 'h1'): string => recordText({ '@timestamp': `2026-11-22T${time}Z`, host, message: `${time} ${host}` })
const LATER = { seconds: ARRIVAL.seconds + 1, nanos: 0 }
const shared = (limit?: number): Partial<EncoderSettings> => ({ activeStreams: ActiveStreams.create(limit, 64).memory })
/** The labels and lines of all entries. */
const stored = (parts: readonly Part[]): Array<[labels: string, line: string]> =>
  decodeParts(parts).map(({ labels, line }) => [labels, line])

suite('records too far behind their stream, as the encoder finds them', () => {
  test('are stored at their own time, in a stream for the span of time that they are of', () => {
    const times = ['08:00:00', '06:59:59.999', '07:00:00', '04:59:59.999', '04:00:00', '06:00:00', '08:10:00', '07:09:59']
    const { entries, counts } = encodeMessages([rsyslogMessage(times.map(time => at(time)))])
    const spans: Record<string, string> = {
      '06:59:59.999': '06', '04:59:59.999': '04', '04:00:00': '04', '06:00:00': '06', '07:09:59': '07'
    }
    assert.deepEqual(counts, { backlog: 5 })
    assert.equal(entries.length, times.length)
    for (const { labels, line, time, metadata } of entries) {
      const [written] = line.split(' ')
      assert.equal(labels, spans[written] === undefined ? `{${LABELS}}` : backlogOf(`2026-11-22T${spans[written]}`))
      assert.equal(time, BigInt(Date.parse(`2026-11-22T${written}Z`)) * 1_000_000n)
      assert.deepEqual(metadata, { level: 'info' })
    }
  })

  test('each stream spans no more time than a stream may be out of order, and its label says where it begins', () => {
    const MINUTE = 60_000
    const disorders = fc.constantFrom(1_500, 20_000, MINUTE, 90 * MINUTE, 120 * MINUTE, 7 * 60 * MINUTE)
    const offsets = fc.array(fc.integer({ min: 0, max: 150 * 60 * MINUTE }), { minLength: 1, maxLength: 20 })
    fc.assert(fc.property(disorders, offsets, (maxDisorderMs, offsets) => {
      const newest = Date.parse('2026-11-22T08:14:00Z')
      const records = [0, ...offsets].map(offset => recordText({ '@timestamp': new Date(newest - offset).toISOString() }))
      const { entries, counts } = encodeMessages([rsyslogMessage(records)], { maxDisorderMs })
      const late = offsets.filter(offset => offset > maxDisorderMs).length
      assert.deepEqual(counts, late === 0 ? {} : { backlog: late })
      for (const { labels, time } of entries) {
        const value = /backlog="([^"]*)"/.exec(labels)?.[1]
        if (value === undefined) continue
        const full = `${value}${'0000-00-00T00:00:00.000'.slice(value.length)}Z`
        const behind = Number(time / 1_000_000n) - Date.parse(full)
        assert.ok(behind >= 0 && behind < maxDisorderMs, `${value}: ${behind} of ${maxDisorderMs} ms`)
        const units = [3_600_000, MINUTE, 1_000, 1].findIndex(unit => maxDisorderMs % unit === 0)
        assert.equal(value.length, [13, 16, 19, 23][units], value)
      }
    }), { numRuns: 200 })
  })

  test('with no disorder allowed at all, some of a second still go to quarantine', () => {
    const records = ['08:00:00', '07:00:00.5', '07:00:00.4', '07:00:01'].map(time => at(time))
    const { counts } = encodeMessages([rsyslogMessage(records)], { maxDisorderMs: 0 })
    assert.deepEqual(counts, { backlog: 2, too_late: 1 })
  })

  test('their streams count as streams of the tenant; beyond its limit they are too_late', () => {
    const records = [at('08:00:00'), at('06:00:00'), at('05:00:00'), at('06:30:00'), at('06:00:00', 'h2')]
    const { entries, counts } = encodeMessages([rsyslogMessage(records)], shared(2))
    assert.deepEqual(counts, { backlog: 2, too_late: 1, too_many_streams: 1 })
    const backlog = entries.filter(({ labels }) => labels.includes('backlog='))
    assert.deepEqual(backlog.map(({ labels }) => labels), Array(2).fill(backlogOf('2026-11-22T06')))
  })

  test('what goes to quarantine is never there', () => {
    const tooOld = recordText({ host: 'h1', '@timestamp': '2026-11-01T00:00:00Z' })
    const records = [at('08:00:00'), at('06:00:00').replace('"message"', '"text"'), tooOld]
    const { counts, entries } = encodeMessages([rsyslogMessage(records)])
    assert.deepEqual(counts, { no_message: 1, too_old: 1 })
    assert.ok(entries.every(({ labels }) => !labels.includes('backlog=')))
  })

  test('a worker knows how new the streams of others are, from the batch before', () => {
    const settings = encoderSettings(shared())
    const [one, other] = [new Encoder(settings), new Encoder(settings)]
    const encode = (encoder: Encoder, ...times: string[]): ReturnType<typeof counters> =>
      counters(encoder.encode(encodeTask([rsyslogMessage(times.map(time => at(time)))])))
    assert.deepEqual(encode(other, '05:00:00'), {}, 'it has seen the stream before')
    assert.deepEqual(encode(one, '08:00:00.9'), {})
    assert.deepEqual(encode(other, '06:59:59', '07:00:00', '05:00:00'), { backlog: 2 })
    assert.deepEqual(encode(one, '06:59:59', '07:00:00.5', '07:00:00.9'), { backlog: 2 }, 'its own, to the millisecond')
  })

  test('streams are found again when the cache has forgotten them', () => {
    const encoder = new Encoder(encoderSettings())
    const encode = (records: string[]) => counters(encoder.encode(encodeTask([rsyslogMessage(records)])))
    encode([at('08:00:00')])
    for (let round = 0; round < 3; round++) {
      const [first, again] = [at('06:00:00'), at('06:00:00')].map(record => {
        const { parts, mended } = encoder.encode(encodeTask([rsyslogMessage([record])]))
        return [stored(parts), [...mended].reduce((sum, count) => sum + count)]
      })
      assert.deepEqual(first, [[[backlogOf('2026-11-22T06'), '06:00:00 h1']], 1])
      assert.deepEqual(again, first)
      encode(Array.from({ length: 70_000 }, (_, i) => at('08:00:00', `other${round}-${i}`)))
      encode([at('08:00:00')])
    }
  })
})

suite('streams with old records', () => {
  const solo = (records: string[], overrides?: Partial<EncoderSettings>): boolean[] => {
    const encoder = new Encoder(encoderSettings({ shards: 1, ...overrides }))
    // Loki knows them by now.
    encoder.encode(encodeTask([rsyslogMessage(['h1', 'h2', 'h3'].map(host => at('05:00:00', host)))]))
    return encoder.encode(encodeTask([rsyslogMessage(records)], LATER)).parts.map(({ solo }) => solo)
  }

  test('have a part of their own: what another writer has brought shows there only', () => {
    assert.deepEqual(solo([at('07:16:00', 'h1'), at('07:16:00', 'h2'), at('07:16:00', 'h3')]), [false])
    assert.deepEqual(solo([at('07:16:00', 'h1'), at('07:14:00', 'h2'), at('07:16:00', 'h3')]), [false, true])
    assert.deepEqual(solo([at('07:14:00', 'h1'), at('07:16:00', 'h1')]), [true])
  })

  test('backlog streams need none, once Loki knows them', () => {
    const encoder = new Encoder(encoderSettings({ shards: 1 }))
    const records = ['h1', 'h2'].flatMap(host => [at('08:00:00', host), at('06:00:00', host)])
    const encode = (arrival: typeof ARRIVAL): boolean[] =>
      encoder.encode(encodeTask([rsyslogMessage(records)], arrival)).parts.map(({ solo }) => solo)
    assert.deepEqual([encode(ARRIVAL), encode(LATER)], [[true, true, true, true], [false]])
  })
})

suite('entries that Loki refuses as too far behind', () => {
  const seconds = (time: string): number => Date.parse(`2026-11-22T${time}Z`) / 1000

  function partOf (records: string[], settings: EncoderSettings): Part {
    const encoder = new Encoder(settings)
    // Streams that Loki knows share a part.
    encoder.encode(encodeTask([rsyslogMessage(['h1', 'h2'].map(host => at('00:00:00', host)))]))
    const { parts } = encoder.encode(encodeTask([rsyslogMessage(records)], LATER))
    assert.equal(parts.length, 1)
    return parts[0]
  }

  function make (records: string[], told: Partial<BacklogTask> = {}, overrides: Partial<EncoderSettings> = {}): Backlog | undefined {
    const settings = encoderSettings({ maxDisorderMs: 3_600_000, shards: 7, ...overrides })
    const part = partOf(records, { ...settings, shards: 1, maxDisorderMs: 24 * 3_600_000 })
    return new BacklogMaker(settings).make({ part, stream: `{${LABELS}}`, oldest: { seconds: seconds('07:00:00'), nanos: 0 }, ...told })
  }

  test('leave the part for parts of their backlog streams, each of which Loki may not know', () => {
    const made = make([at('06:59:00'), at('07:00:00'), at('05:10:00'), at('06:00:00'), at('06:00:00', 'h2')])
    assert.ok(made)
    const [six, five] = made.parts
    assert.deepEqual(stored([six]), [[backlogOf('2026-11-22T06'), '06:59:00 h1'], [backlogOf('2026-11-22T06'), '06:00:00 h1']])
    assert.deepEqual(stored([five]), [[backlogOf('2026-11-22T05'), '05:10:00 h1']])
    assert.deepEqual(stored([made.rest!]), [[`{${LABELS}}`, '07:00:00 h1'], [`{${LABELS.replace('h1', 'h2')}}`, '06:00:00 h2']])
    assert.deepEqual([made.records, made.rest?.records], [3, 2])
    assert.deepEqual(made.parts.map(({ records, solo }) => [records, solo]), [[2, true], [1, true]])
    for (const { labels, shard, time } of decodeParts(made.parts)) {
      assert.equal(shard, shardOf(labels, '', 7))
      assert.equal(new Date(Number(time / 1_000_000n)).toISOString().slice(0, 13), /backlog="([^"]*)"/.exec(labels)![1])
    }
  })

  test('a part with nothing else leaves nothing; the time is told to the nanosecond', () => {
    const told = { oldest: { seconds: seconds('07:00:00'), nanos: 500_000_001 } }
    assert.equal(make([at('06:00:00'), at('07:00:00.5')], told)?.rest, undefined)
    assert.equal(make([at('06:00:00'), at('07:00:00.500001')], told)?.rest?.records, 1)
  })

  test('are in the stream that Loki tells of, with what Loki adds to its labels; or in the only one', () => {
    const two = [at('06:00:00'), at('06:00:00', 'h2')]
    for (const stream of [`{__stream_shard__="1", ${LABELS}}`, `{${LABELS}}`]) assert.equal(make(two, { stream })?.records, 1)
    const others = [`{${LABELS}, x="1"}`, `{${LABELS.replace('h1', 'h3')}}`, '{}', `{${LABELS.replace(', source="tag1"', '')}}`]
    for (const stream of [undefined, ...others]) {
      assert.equal(make(two, { stream }), undefined, stream)
      assert.equal(make([at('06:00:00')], { stream })?.records, 1)
    }
  })

  test('stay where they are where there can be no backlog stream', () => {
    assert.equal(make([at('06:00:00')], {}, { backlogLabel: undefined }), undefined)
    assert.equal(make([at('07:00:00')]), undefined, 'nothing is older than told')
    assert.equal(make([at('06:00:00')], {}, { backlogLabel: 'region' }), undefined, 'it is in one already')
    assert.equal(make([at('06:00:00')], {}, shared(0))?.records, 1, 'no limit')
    const memory = shared(1)
    new ActiveStreams(memory.activeStreams!).touch('', Buffer.from(`{${LABELS}}`))
    assert.equal(make([at('06:00:00')], {}, memory), undefined, 'the tenant may have no more streams')
  })

  test('all workers know from then on', () => {
    const settings = shared()
    const encoder = new Encoder(encoderSettings(settings))
    make([at('06:00:00')], {}, settings)
    assert.deepEqual(counters(encoder.encode(encodeTask([rsyslogMessage([at('06:59:59'), at('07:00:00')])]))), { backlog: 1 })
  })

  test('two thousand of them are few parts', () => {
    const made = make(Array.from({ length: 2_400 }, (_, i) => at(`0${4 + i % 3}:10:00.${String(i).padStart(6, '0')}`)))
    assert.deepEqual(made?.parts.map(({ records }) => records), [800, 800, 800])
    assert.equal(made?.rest, undefined)
  })
})
