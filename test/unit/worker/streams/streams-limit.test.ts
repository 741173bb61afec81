import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { EncoderSettings } from '../../../../src/worker/messages/settings.ts'
import { ActiveStreams } from '../../../../src/worker/streams/active-streams.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import type { NoStreamReason } from '../../../../src/worker/streams/streams.ts'
import { mappings } from '../../../helpers/worker-fixtures.ts'
import { Cache } from './cache.ts'

suite('with a table of active streams', () => {
  const limited = (
    limit: number | undefined, overrides: Partial<EncoderSettings> = {}, slots = 64
  ): { active: ActiveStreams, one: Cache, other: Cache } => {
    const active = ActiveStreams.create(limit, slots)
    const settings = { ...overrides, activeStreams: active.memory }
    const [one, other] = [new Cache(settings), new Cache(settings)]
    for (const { streams } of [one, other]) streams.begin('a')
    return { active, one, other }
  }
  const racks = (cache: Cache, from: number, to: number): Array<Stream | NoStreamReason> => Array.from(
    { length: to - from }, (_, i) => cache.find({ rack: `h${from + i}` })
  )

  test('a tenant gets as many streams as it may have; those go on flowing, in each worker, and others are refused in each', () => {
    const { active, one, other } = limited(3)
    assert.ok(racks(one, 0, 3).every(stream => stream instanceof Stream))
    for (const cache of [one, other, one]) {
      assert.deepEqual(racks(cache, 0, 5).map(stream => stream instanceof Stream), [true, true, true, false, false])
      assert.equal(cache.find({ rack: 'h4' }), 'too_many_streams')
    }
    assert.equal(active.count, 3)
  })

  test('the quarantine stream needs no place, and takes none', () => {
    const { active, one } = limited(1)
    const labels = '{quarantine="empty", source="lokean"}'
    const before = one.streams.quarantine(labels, '')
    assert.ok(racks(one, 0, 1)[0] instanceof Stream)
    assert.equal(one.streams.quarantine(labels, ''), before)
    assert.equal(active.count, 1)
  })

  test('a stream that got no record for an hour loses its place, to whoever comes first, and is not let in again by a worker that still knows it', () => {
    const { active, one, other } = limited(1)
    assert.ok(racks(one, 0, 1)[0] instanceof Stream)
    for (let minute = 0; minute <= 60; minute++) active.tick()
    other.streams.begin('a')
    assert.ok(racks(other, 1, 2)[0] instanceof Stream)
    assert.ok(racks(one, 0, 1)[0] instanceof Stream, 'what it is once, it is for a batch')
    one.streams.begin('a')
    assert.equal(racks(one, 0, 1)[0], 'too_many_streams')
  })

  test('a stream with a record now and then keeps its place, whichever worker gets it', () => {
    const { active, one, other } = limited(1)
    for (let minute = 0; minute < 200; minute++) {
      const cache = minute % 2 === 0 ? one : other
      cache.streams.begin('a')
      if (minute % 50 < 2) assert.ok(racks(cache, 0, 1)[0] instanceof Stream)
      active.tick()
    }
    one.streams.begin('a')
    assert.deepEqual(racks(one, 1, 2), ['too_many_streams'])
  })

  test('however many are refused, those that are not are kept', () => {
    const { one } = limited(1)
    const before = one.stream({ rack: 'h' })
    for (let i = 0; i < 100_000; i++) {
      one.find({ rack: `h${i}` })
      if (i % 10_000 === 0) one.streams.begin('a')
    }
    assert.equal(one.stream({ rack: 'h' }), before)
  })

  test('too many streams are reported once, by one worker, with the label that makes it', () => {
    const { one, other } = limited(10, { labels: mappings('cloud,rack'), tenant: { kind: 'field', field: 'project' } })
    for (const cache of [one, other]) {
      for (let i = 0; i < 200; i++) cache.find({ rack: `h"${i}\\`, cloud: `c${i % 3}`, project: 'p' })
      cache.find({ rack: 'h', project: 'q' })
    }
    const [report, ...more] = [...one.streams.takeCardinalityReports(), ...other.streams.takeCardinalityReports()]
    assert.deepEqual(report, { tenant: 'p', streams: 11, newest: 11, values: [['rack', 11], ['cloud', 3]] })
    assert.deepEqual(more, [])
    assert.deepEqual(one.streams.takeCardinalityReports(), [])
  })

  test('without a limit, too many are more than Loki takes by default; all of it flows', () => {
    const { active, one } = limited(undefined, {}, 32_768)
    const { streams } = one
    for (let i = 0; i < 5000; i++) assert.ok(one.find({ rack: `h${i}`, cloud: 'c' }) instanceof Stream)
    assert.deepEqual(streams.takeCardinalityReports(), [])
    for (let i = 5000; i < 5100; i++) assert.ok(one.find({ rack: `h${i}`, cloud: 'c' }) instanceof Stream)
    assert.deepEqual(streams.takeCardinalityReports(), [{ tenant: '', streams: 5001, newest: 100, values: [['rack', 100], ['cloud', 1]] }])
    assert.equal(active.count, 5100)
  })

  test('of the newest streams alone, refused ones among them', () => {
    const { active, one } = limited(500, { labels: mappings('cloud,rack') })
    for (let i = 0; i < 500; i++) one.find({ cloud: `c${i}`, rack: 'h' })
    for (let i = 0; i <= 11; i++) active.tick()
    one.find({ cloud: 'c', rack: 'first' })
    assert.deepEqual(one.streams.takeCardinalityReports()[0]?.values[0], ['cloud', 100], 'until then it was the cloud')
    for (let i = 0; i < 200; i++) one.find({ cloud: 'c', rack: `h${i}` })
    for (let i = 0; i <= 11; i++) active.tick()
    one.find({ cloud: 'c', rack: 'last' })
    assert.deepEqual(
      one.streams.takeCardinalityReports(), [{ tenant: '', streams: 501, newest: 100, values: [['rack', 100], ['cloud', 1]] }]
    )
  })
})
