import snappy from 'snappy'
import { compress as compressInJavaScript } from 'snappyjs'
import { compress } from '../../src/worker/output/compress.ts'
import type { MicroResult } from '../outcome/results.ts'
import { contentOf } from './blocks.ts'
import { compare, type Effort, exact, type Look } from './measure.ts'
import { sampleParts } from './sample.ts'

/**
 * Compares ways from a PushRequest of 1 MiB to a snappy block.
 *
 * The native compressor with a copy of its result was chosen. An uncopied result keeps memory for the worst possible
 * size, newly allocated, which only the garbage collector gives back.
 */
export async function snappyBlock (effort: Effort): Promise<MicroResult[]> {
  const largest = sampleParts({ shards: 1, messages: 80, tasks: 1 }).reduce((best, part) => part.rawBytes > best.rawBytes ? part : best)
  const raw = contentOf(largest.body)
  const of = (make: (bytes: Buffer) => Uint8Array) => (look?: Look): number => {
    const block = make(raw)
    look?.(contentOf(block))
    return block[block.length - 1]
  }
  const native = { name: 'snappy, result copied', chosen: true as const, make: compress }
  const others = [
    { name: 'snappy, result in its own memory', make: (bytes: Buffer) => snappy.compressSync(bytes, { copyOutputData: false }) },
    { name: 'snappyjs', make: compressInJavaScript }
  ]
  const all = [native, ...others]
  return [
    await compare({
      question: 'compressing a push',
      unit: 'µs a MiB',
      per: raw.length / 2 ** 20,
      alternatives: all.map(({ make, ...one }) => ({ ...one, run: of(make) }))
    }, effort),
    exact('compressed size', '% of the push', all.map(({ make, ...one }) => ({ ...one, value: make(raw).length / raw.length * 100 })))
  ]
}
