import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import type { Part } from '../../../../src/worker/messages/tasks.ts'
import { decodePush, encodePush, type PushStream } from '../../../../src/worker/output/push-schema.ts'
import { shapes } from '../../../../src/worker/output/shapes.ts'

const ORIGINS = [{ address: 'a', labels: [{ name: 'env', value: 'prod "1"' }], tenant: undefined }]

function partOf (streams: Array<[labels: string, ...metadata: string[][]]>): Part {
  const raw = encodePush({
    streams: streams.map(([labels, ...metadata]) => ({
      labels,
      entries: metadata.map(names => ({
        timestamp: { seconds: 1, nanos: 0 }, line: 'secret', structuredMetadata: names.map(name => ({ name, value: 'secret' }))
      }))
    }))
  })
  return {
    address: 'a',
    tenant: 't',
    shard: 0,
    body: snappy.compressSync(Buffer.from(raw)),
    rawBytes: raw.length,
    records: 1,
    solo: false,
    quarantine: false
  }
}

function read (body: Uint8Array): PushStream[] {
  return decodePush(snappy.uncompressSync(Buffer.from(body)) as Buffer).streams
}

test('each set of label names and names of metadata once, with an entry that has nothing of the records in it', () => {
  const found = shapes({
    part: partOf([
      ['{env="prod \\"1\\"", host="secret, x=\\"y\\""}', ['level'], ['level', 'pid'], ['level']],
      ['{env="prod \\"1\\"", host="other"}', ['level']],
      ['{env="prod \\"1\\"", zone="z"}', []]
    ]),
    seconds: 1_800_000_000,
    nanos: 7
  }, { origins: ORIGINS, lokiLabels: [{ name: 'env', value: 'every' }, { name: 'zone', value: 'z' }] })
  assert.equal(new Set(found.map(({ key }) => key)).size, 3)
  const streams = found.flatMap(({ body }) => read(body))
  assert.deepEqual(streams.map(({ labels, entries }) => [labels, entries[0].structuredMetadata]), [
    ['{env="prod \\"1\\"", host="lokean"}', [{ name: 'level', value: 'lokean' }]],
    ['{env="prod \\"1\\"", host="lokean"}', [{ name: 'level', value: 'lokean' }, { name: 'pid', value: 'lokean' }]],
    ['{env="prod \\"1\\"", zone="z"}', []]
  ])
  assert.doesNotMatch(JSON.stringify(streams), /secret/)
  assert.equal(new Set(streams.map(({ entries }) => entries[0].timestamp.nanos)).size, 3)
})

test('no more than eight shapes of a part', () => {
  const part = partOf(Array.from({ length: 20 }, (_, i) => [`{l${i}="x"}`, []]))
  assert.equal(shapes({ part, seconds: 1, nanos: 0 }, { origins: [], lokiLabels: [] }).length, 8)
})
