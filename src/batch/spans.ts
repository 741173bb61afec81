import type { Delivery } from '../source/source.ts'
import type { Batch } from './batch.ts'

/** Deliveries of one link are consecutive and make one span. Deliveries of many connections come mixed. */
export function addToSpans ({ spans }: Batch, { connection, id, cost }: Delivery): void {
  const span = spans.at(-1)
  if (span?.connection === connection && id === ((span.last + 1) >>> 0)) {
    span.last = id
    span.cost += cost
  } else spans.push({ connection, first: id, last: id, cost })
}

/** Removes the deliveries whose connection is gone. Their bytes stay where they are. */
export function removeGone (batch: Batch): void {
  const { spans, starts, ends, fingerprints, redelivered } = batch
  const stays: boolean[] = []
  for (const { connection, first, last } of spans) {
    for (let left = (last - first) >>> 0; left >= 0; left--) stays.push(!connection.gone)
  }
  batch.spans = spans.filter(({ connection }) => !connection.gone)
  batch.starts = starts.filter((_start, message) => stays[message])
  batch.ends = ends.filter((_end, message) => stays[message])
  batch.fingerprints = fingerprints.filter((_fingerprint, message) => stays[message])
  let kept = 0
  const places = stays.map(stay => stay ? kept++ : undefined)
  batch.redelivered = redelivered.flatMap(message => places[message] ?? [])
  batch.messages = batch.starts.length
  batch.cost = batch.spans.reduce((sum, { cost }) => sum + cost, 0)
}
