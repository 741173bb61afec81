import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import type { Part, SubtractTask } from '../../../../src/worker/messages/tasks.ts'
import { lookUp, subtract } from '../../../../src/worker/output/look-up.ts'
import { decodePush, encodePush, type PushStream } from '../../../../src/worker/output/push-schema.ts'
import { formatLabels, labelValues } from '../../../../src/worker/streams/labels.ts'

type Lines = Array<[nanos: number, line: string, pid?: string]>

function streamOf (labels: Record<string, string>, lines: Lines): PushStream {
  return {
    labels: formatLabels(Object.entries(labels)),
    entries: lines.map(([nanos, line, pid]) => ({
      timestamp: { seconds: 1_800_000_000, nanos }, line, structuredMetadata: pid === undefined ? [] : [{ name: 'pid', value: pid }]
    }))
  }
}

function partOf (...streams: PushStream[]): Part {
  const raw = encodePush({ streams })
  const place = { address: 'a', tenant: 't', shard: 0, solo: false, quarantine: false }
  const records = streams.reduce((sum, { entries }) => sum + entries.length, 0)
  return { ...place, body: snappy.compressSync(Buffer.from(raw)), rawBytes: raw.length, records }
}

/** As Loki answers: with labels and metadata of its own. */
function answered (labels: Record<string, string>, lines: Lines): SubtractTask['found'][number] {
  return {
    labels,
    entries: lines.map(([nanos, line, pid]) => ({
      time: `1800000000${String(nanos).padStart(9, '0')}`, line, metadata: { detected_level: 'info', ...(pid === undefined ? {} : { pid }) }
    }))
  }
}

function left (part: Part | undefined): Array<[labels: string, lines: string[]]> {
  if (part === undefined) return []
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  assert.equal(part.records, streams.reduce((sum, { entries }) => sum + entries.length, 0))
  return streams.map(({ labels, entries }) => [labels, entries.map(({ line }) => line)])
}

test('a query asks for the labels that all streams have, with their values, and for the time between first and last', () => {
  const plan = lookUp({
    parts: [
      partOf(streamOf({ cloud: 'c', host: 'a.b', source: 'x' }, [[5, 'one'], [2, 'two']])),
      partOf(streamOf({ cloud: 'c', host: 'q"\\', source: 'y', region: 'r' }, [[9, 'three']]))
    ]
  })
  assert.equal(plan?.selector, '{cloud="c", host=~"a\\\\.b|q\\"\\\\\\\\", source=~"x|y"}')
  assert.deepEqual([plan.first, plan.last], [1_800_000_000_000_000_002n, 1_800_000_000_000_000_009n])
})

test('a label with more values than fit is left out; without any, one label that all have is asked for', () => {
  const streams = Array.from({ length: 2_000 }, (_, i) => streamOf({ cloud: 'c', host: `host-${i}` }, [[i, 'x']]))
  assert.equal(lookUp({ parts: [partOf(...streams)] })?.selector, '{cloud="c"}')
  const hosts = Array.from({ length: 2_000 }, (_, i) => streamOf({ host: `host-${i}` }, [[i, 'x']]))
  assert.equal(lookUp({ parts: [partOf(...hosts)] })?.selector, '{host=~".+"}')
  assert.equal(lookUp({ parts: [partOf(streamOf({ a: 'x' }, [[1, 'x']]), streamOf({ b: 'x' }, [[1, 'x']]))] }), undefined)
})

test('what Loki has is left out, whatever labels and metadata it has added; the rest keeps its order', () => {
  const nova = { host: 'h', source: 'nova' }
  const part = partOf(
    streamOf(nova, [[1, 'one', '7'], [2, 'two', '7'], [3, 'three', '7'], [4, 'four']]),
    streamOf({ host: 'h', service_name: 'mine' }, [[1, 'one'], [2, 'two']])
  )
  const [rest] = subtract({
    parts: [part],
    found: [
      answered({ ...nova, service_name: 'nova', __stream_shard__: '1' }, [[2, 'two', '7']]),
      answered({ ...nova, service_name: 'nova' }, [[4, 'four']]),
      answered({ host: 'h', service_name: 'mine' }, [[1, 'one']])
    ]
  })
  assert.deepEqual(left(rest), [[formatLabels(Object.entries(nova)), ['one', 'three']], ['{host="h", service_name="mine"}', ['two']]])
})

test('an entry with another time, line, metadata or stream is another entry', () => {
  const part = partOf(streamOf({ host: 'h' }, [[1, 'one', '7']]))
  const [rest] = subtract({
    parts: [part],
    found: [
      answered({ host: 'h' }, [[2, 'one', '7'], [1, 'two', '7'], [1, 'one', '8'], [1, 'one']]),
      answered({ host: 'i' }, [[1, 'one', '7']])
    ]
  })
  assert.equal(rest, part)
})

test('a part that Loki has is gone, and the others stay', () => {
  const [one, two] = [partOf(streamOf({ host: 'h' }, [[1, 'one']])), partOf(streamOf({ host: 'h' }, [[2, 'two']]))]
  assert.deepEqual(subtract({ parts: [one, two], found: [answered({ host: 'h' }, [[1, 'one']])] }), [undefined, two])
})

test('labels come back from Loki as they were quoted', () => {
  const labels = { host: 'a"b\\c\u0001\u2028é' }
  const part = partOf(streamOf(labels, [[1, 'one']]))
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  const found = [answered(Object.fromEntries(labelValues(streams[0].labels)), [[1, 'one']])]
  assert.deepEqual(subtract({ parts: [part], found }), [undefined])
})
