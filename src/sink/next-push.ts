import type { PartQueue } from './part-queue.ts'
import type { Pending } from './shard-tools.ts'

/** The parts of a shard's next push, of `most` uncompressed bytes unless one is larger. They stay in the queue. */
export function nextPush (queue: PartQueue, most: number): Pending[] {
  const sent: Pending[] = []
  let bytes = 0
  for (let pending; (pending = queue.at(sent.length)) !== undefined;) {
    const first = sent[0]
    const full = bytes + pending.part.rawBytes > most
    if (first !== undefined && (pending.solo === true || pending.part.solo || first.solo === true || full)) break
    sent.push(pending)
    bytes += pending.part.rawBytes
  }
  return sent
}

/** Uncompressed bytes. */
export function bytesOf (parts: readonly Pending[]): number {
  return parts.reduce((sum, { part }) => sum + part.rawBytes, 0)
}
