import snappy from 'snappy'
import type { Part, RejectedEntry } from '../../worker/messages/tasks.ts'
import { decodePush } from '../../worker/output/push-schema.ts'
import { labelValues } from '../../worker/streams/labels.ts'

/** An entry of a part, as far as it tells whether Loki rejected it. */
export interface PartEntry { tenant: string, labels: ReadonlyMap<string, string>, nanos: bigint, line: string }

/** Entries of a batch that would have equal times are set apart by some nanoseconds; fewer than this. */
const MOST_APART = 1_000_000n

export function entriesOf (parts: readonly Part[]): PartEntry[] {
  return parts.flatMap(({ tenant, body }) => decodePush(snappy.uncompressSync(Buffer.from(body)) as Buffer).streams.flatMap(stream => {
    const labels = labelValues(stream.labels)
    return stream.entries.map(({ timestamp: { seconds, nanos }, line }) => ({
      tenant, labels, nanos: BigInt(seconds) * 1_000_000_000n + BigInt(nanos), line
    }))
  }))
}

/**
 * The rejected entry that this one became, the nearest in time; undefined where none is. The sink may have given a
 * stream a label more.
 */
export function rejectedAs ({ tenant, labels, nanos, line }: PartEntry, rejected: Iterable<RejectedEntry>): RejectedEntry | undefined {
  let nearest: { entry: RejectedEntry, apart: bigint } | undefined
  for (const entry of rejected) {
    const distance = BigInt(entry.timestamp) - nanos
    const apart = distance < 0n ? -distance : distance
    if (entry.line !== line || entry.tenant !== tenant || apart >= (nearest?.apart ?? MOST_APART)) continue
    const there = labelValues(entry.stream)
    if ([...labels].every(([name, value]) => there.get(name) === value)) nearest = { entry, apart }
  }
  return nearest?.entry
}
