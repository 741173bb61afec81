import snappy from 'snappy'
import { alignLike, WORD } from '../../src/shared-memory.ts'
import { joinBlocks } from '../../src/sink/join.ts'
import type { Part } from '../../src/worker/messages/tasks.ts'
import { compress } from '../../src/worker/output/compress.ts'
import type { MicroResult } from '../outcome/results.ts'
import { contentOf } from './blocks.ts'
import { compare, type Effort, exact, type Look } from './measure.ts'
import { sampleParts } from './sample.ts'

/** Parts of some 100 KiB each, as they gather behind a running push. */
const PARTS = 8

/**
 * Compares ways to join compressed parts into one push.
 *
 * Joining the blocks as they are was chosen: on the main thread this only copies compressed bytes. A block then knows
 * nothing of the one before it, so the push is a little larger.
 */
export async function join (effort: Effort): Promise<MicroResult[]> {
  const parts = inSharedMemory(sampleParts({ shards: 4, messages: 10, tasks: PARTS }))
  const again = (): Uint8Array => compress(Buffer.concat(parts.map(({ body }) => snappy.uncompressSync(Buffer.from(body)) as Buffer)))
  const all = [
    { name: 'blocks joined as they are', chosen: true as const, make: () => joinBlocks(parts) },
    { name: 'decompressed, joined, compressed', make: again }
  ]
  const of = (make: () => Uint8Array) => (look?: Look): number => {
    const block = make()
    look?.(contentOf(block))
    return block[block.length - 1]
  }
  const raw = parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
  return [
    await compare({
      question: `joining ${parts.length} parts to a push`,
      unit: 'µs a push',
      per: 1,
      alternatives: all.map(({ make, ...one }) => ({ ...one, run: of(make) }))
    }, effort),
    exact('size of the joined push', '% of its content', all.map(({ make, ...one }) => ({ ...one, value: make().length / raw * 100 })))
  ]
}

/** Workers leave their parts in shared memory. */
function inSharedMemory (parts: readonly Part[]): Part[] {
  const memory = new SharedArrayBuffer(parts.reduce((sum, { body }) => sum + body.length + WORD, 0))
  let at = 0
  return parts.map(part => {
    const body = new Uint8Array(memory, alignLike(at, part.body), part.body.length)
    body.set(part.body)
    at = body.byteOffset + body.length
    return { ...part, body }
  })
}
