import type { Part } from '../worker/messages/tasks.ts'
import type { PartQueue } from './part-queue.ts'
import type { Pending } from './shard-tools.ts'

/** The parts of a shard's next push, of `most` uncompressed bytes unless one is larger. They stay in the queue. */
export function nextPush (queue: PartQueue, most: number, isSolo: (part: Part, newBefore: number) => boolean): Pending[] {
  const sent: Pending[] = []
  let bytes = 0
  let newStreams = 0
  for (let pending; (pending = queue.at(sent.length)) !== undefined;) {
    const first = sent[0]
    const full = bytes + pending.part.rawBytes > most
    const alone = pending.solo === true || isSolo(pending.part, newStreams)
    if (first !== undefined && (alone || full)) break
    sent.push(pending)
    if (alone) break
    bytes += pending.part.rawBytes
    if (pending.part.newStream !== undefined) newStreams++
  }
  return sent
}
