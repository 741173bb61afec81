import snappy from 'snappy'
import type { Isolated, IsolateTask, Part } from '../types.ts'
import { compress } from './compress.ts'
import { formatLabels, shardOf } from './labels.ts'
import { decodePush, encodePush, type PushEntry, type PushStream } from './push-schema.ts'

/**
 * One step towards the entries for which Loki has refused a part. More than one entry: two parts, each with half of them, to be
 * pushed on their own (what Loki stored of them before counts as stored once). A single one: the entry, for the dead-letter file,
 * and a part that carries it to the quarantine stream instead, at the time of arrival.
 */
export function isolate ({ part, shards, arrivalSeconds, arrivalNanos, reason }: IsolateTask): Isolated {
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  if (part.records > 1) {
    const [first, second] = halve(streams, Math.ceil(part.records / 2))
    return { kind: 'halves', parts: [encode(part, first), encode(part, second)] }
  }
  const { labels, entries: [entry] } = streams[0]
  const quarantined: PushEntry = {
    timestamp: { seconds: arrivalSeconds, nanos: arrivalNanos },
    line: entry.line,
    structuredMetadata: []
  }
  const stream = formatLabels([['source', 'lokean'], ['quarantine', 'refused']])
  const shard = shardOf(stream, part.tenant, shards)
  const carrier = encode({ ...part, shard }, [{ labels: stream, entries: [quarantined] }])
  return {
    kind: 'entry',
    part: carrier,
    entry: {
      reason,
      tenant: part.tenant,
      stream: labels,
      timestamp: `${entry.timestamp.seconds}${String(entry.timestamp.nanos).padStart(9, '0')}`,
      line: entry.line,
      metadata: Object.fromEntries(entry.structuredMetadata.map(({ name, value }) => [name, value]))
    }
  }
}

function halve (streams: PushStream[], first: number): [PushStream[], PushStream[]] {
  const halves: [PushStream[], PushStream[]] = [[], []]
  let taken = 0
  for (const { labels, entries } of streams) {
    const cut = Math.max(0, Math.min(entries.length, first - taken))
    if (cut > 0) halves[0].push({ labels, entries: entries.slice(0, cut) })
    if (cut < entries.length) halves[1].push({ labels, entries: entries.slice(cut) })
    taken += entries.length
  }
  return halves
}

function encode (like: Pick<Part, 'tenant' | 'shard'>, streams: PushStream[]): Part {
  const raw = encodePush({ streams })
  return {
    tenant: like.tenant,
    shard: like.shard,
    body: compress(raw),
    rawBytes: raw.length,
    // It is pushed alone, so nothing follows it in any case.
    fresh: true,
    records: streams.reduce((sum, { entries }) => sum + entries.length, 0)
  }
}
