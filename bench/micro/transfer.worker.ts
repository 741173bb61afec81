/**
 * The other end of transfer.ts. It reads a batch as the encoder does, and answers with parts of the size that the
 * encoder makes.
 */
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { alignLike, WORD } from '../../src/shared-memory.ts'

export interface Task {
  bytes: ArrayBuffer | SharedArrayBuffer
  starts: number[]
  ends: number[]
  /** Whether each copy keeps the alignment of its source. */
  alike: boolean
  /** The way back for the parts. */
  back: 'left in the batch' | 'transferred' | 'transferred with the batch' | 'cloned'
  /** Whether to answer a hash of the messages. It is off while time is taken. */
  told: boolean
}

/** `batch`: the batch's memory, where it comes back. */
export interface Answer { parts: Uint8Array[], hash: string | undefined, batch: ArrayBuffer | SharedArrayBuffer | undefined }

const PARTS = 4
/** A compressed part is about a quarter of its messages. */
const SHARE = 4

/** The memory in which messages are worked on, one after the other. */
const own = Buffer.allocUnsafeSlow(256 * 1024)
const made = Buffer.allocUnsafeSlow(4 * 1024 * 1024)

function work ({ bytes, starts, ends, alike, told }: Task): { parts: Buffer[], hash: string | undefined } {
  const hash = told ? createHash('sha256') : undefined
  const parts: Buffer[] = []
  let length = 0
  for (let message = 0; message < ends.length; message++) {
    const source = new Uint8Array(bytes, starts[message], ends[message] - starts[message])
    const at = alike ? alignLike(0, source) : 0
    own.set(source, at)
    hash?.update(own.subarray(at, at + source.length))
    length += own.copy(made, length, at, at + Math.floor(source.length / SHARE))
    if (message + 1 < (parts.length + 1) * ends.length / PARTS) continue
    // Each part has memory of its own, as the compressor returns it.
    const part = Buffer.allocUnsafeSlow(length)
    part.set(made.subarray(0, length))
    parts.push(part)
    length = 0
  }
  return { parts, hash: hash?.digest('hex') }
}

/** Puts the parts behind the messages. */
function leave (parts: readonly Buffer[], { bytes, ends, alike }: Task): Uint8Array[] {
  let at = ends[ends.length - 1] + WORD
  return parts.map(part => {
    const start = alike ? alignLike(at, part) : at
    const left = new Uint8Array(bytes, start, part.length)
    left.set(part)
    at = start + part.length
    return left
  })
}

parentPort?.on('message', (task: Task) => {
  const { parts, hash } = work(task)
  const left = task.back === 'left in the batch' || task.back === 'transferred with the batch'
  const answer: Answer = {
    parts: left ? leave(parts, task) : parts, hash, batch: task.back === 'transferred with the batch' ? task.bytes : undefined
  }
  const moved = task.back === 'transferred'
    ? parts.map(({ buffer }) => buffer as ArrayBuffer)
    : answer.batch === undefined
      ? []
      : [answer.batch as ArrayBuffer]
  parentPort?.postMessage(answer, moved)
})
