import snappy from 'snappy'
import { serve } from '../child.ts'
import { createPool, type MessagePool, type PoolOptions, recordsOf } from '../load/message-pool.ts'

export type FloorMethods = {
  /** Selects the pool to measure, and returns the mean bytes of its records. */
  prepare: (options: PoolOptions) => { recordBytes: number }
  /** Measures CPU microseconds a record for so many milliseconds. The code is warm from the second call on. */
  measure: (ms: number, compressed: 'messages' | 'lines') => number
}

const BLOCK_BYTES = 2 ** 20

let pool: MessagePool
let records = 0
/** The input of the compressor, in blocks as large as a push: whole messages, or only the values of `message`. */
let messageBlocks: Buffer[] = []
let lineBlocks: Buffer[] = []

function prepare (options: PoolOptions): { recordBytes: number } {
  pool = createPool(options)
  const lines: Buffer[] = []
  records = 0
  let bytes = 0
  for (const message of pool.messages) {
    for (const { start, end } of recordsOf(message.bytes)) {
      const { message: line } = JSON.parse(message.bytes.toString('utf8', start, end)) as { message: string }
      lines.push(Buffer.from(line))
      records++
      bytes += end - start
    }
  }
  messageBlocks = blocks(pool.messages.map(({ bytes }) => bytes))
  lineBlocks = blocks(lines)
  return { recordBytes: bytes / records }
}

function blocks (pieces: readonly Buffer[]): Buffer[] {
  const all = Buffer.concat(pieces)
  return Array.from({ length: Math.ceil(all.length / BLOCK_BYTES) }, (_, i) => all.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES))
}

/** One thread decodes each record to a string, parses it by JSON.parse, and compresses the blocks by snappy. */
function plainWay (blocks: readonly Buffer[]): void {
  for (const { bytes } of pool.messages) {
    for (const { start, end } of recordsOf(bytes)) JSON.parse(bytes.toString('utf8', start, end))
  }
  for (const block of blocks) snappy.compressSync(block, { copyOutputData: true })
}

function time (ms: number, blocks: readonly Buffer[]): number {
  const until = performance.now() + ms
  const start = process.cpuUsage()
  let rounds = 0
  do {
    plainWay(blocks)
    rounds++
  } while (performance.now() < until)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / rounds / records
}

const methods: FloorMethods = {
  prepare,
  measure: (ms, compressed) => time(ms, compressed === 'messages' ? messageBlocks : lineBlocks)
}
serve(methods)
