import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { alignLike } from '../../src/shared-memory.ts'
import { beside } from '../harness/child.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { sampleMessages } from './sample.ts'
import type { Answer, Task } from './transfer.worker.ts'

/** Bytes of messages in a batch: four pushes. The parts need half as much again. */
const BATCH_BYTES = 4 * 2 ** 20
const BUFFER_BYTES = BATCH_BYTES / 2 * 3
/** The bytes in front of a message in the socket's buffer. They move the message to any place within a word. */
const FRAME_HEAD = 30
/** The garbage collector has to run several times within a window. */
const WINDOWS = 2

/**
 * Compares ways to hand a batch of messages to a worker thread and to get the parts back. The batch is copied out of
 * the socket's buffer, the worker reads it, and the parts are a quarter as large. One batch is under way at a time. The
 * CPU includes both threads and their garbage collection.
 *
 * Shared memory that is used again was chosen. Memory that is handed over for good has to be allocated for each batch
 * and collected by the receiving thread. Memory that travels to and fro is the cheapest, but is lost with a thread that
 * dies; shared memory stays here. Each copy keeps the alignment of its source, because V8 otherwise copies to and from
 * shared memory byte by byte.
 */
export async function transfer (effort: Effort): Promise<MicroResult[]> {
  const worker = new Worker(beside('transfer.worker', import.meta.url))
  const link = new Link(worker)
  const messages = socketMessages()
  const shared = new SharedArrayBuffer(BUFFER_BYTES)

  const way = (buffer: () => ArrayBuffer | SharedArrayBuffer, kind: Pick<Task, 'alike' | 'back'>) => async (look?: Look): Promise<void> => {
    const task: Task = { ...kind, bytes: buffer(), starts: [], ends: [], told: look !== undefined }
    const view = new Uint8Array(task.bytes)
    let at = 0
    for (const message of messages) {
      const start = task.alike ? alignLike(at, message) : at
      view.set(message, start)
      at = start + message.length
      task.starts.push(start)
      task.ends.push(at)
    }
    const { parts, hash, batch } = await link.ask(task, task.bytes instanceof ArrayBuffer && task.back !== 'cloned' ? [task.bytes] : [])
    if (batch instanceof ArrayBuffer) travelling = batch
    look?.({ hash, parts: parts.map(part => createHash('sha256').update(part).digest('hex')) })
  }
  const newBuffer = (): ArrayBuffer => Buffer.allocUnsafeSlow(BATCH_BYTES).buffer
  let travelling = Buffer.allocUnsafeSlow(BUFFER_BYTES).buffer
  const kept = newBuffer()
  try {
    return [await compare({
      question: `a batch of ${messages.length} messages to a worker, its parts back`,
      unit: 'µs a batch of 4 MiB',
      per: 1,
      alternatives: [
        { name: 'shared memory, copies aligned', chosen: true, run: way(() => shared, { alike: true, back: 'left in the batch' }) },
        { name: 'shared memory, copies as they come', run: way(() => shared, { alike: false, back: 'left in the batch' }) },
        {
          name: 'one ArrayBuffer, transferred to and fro', run: way(() => travelling, { alike: false, back: 'transferred with the batch' })
        },
        { name: 'an ArrayBuffer a batch and a part, transferred', run: way(newBuffer, { alike: false, back: 'transferred' }) },
        { name: 'ArrayBuffers cloned', run: way(() => kept, { alike: false, back: 'cloned' }) }
      ]
    }, { ...effort, windowMs: effort.windowMs * WINDOWS })]
  } finally {
    await worker.terminate()
  }
}

/** As many messages as a batch holds, placed as in the socket's buffer. */
function socketMessages (): Buffer[] {
  const all = sampleMessages().map(({ bytes }) => bytes)
  const buffer = Buffer.alloc(all.reduce((sum, { length }) => sum + FRAME_HEAD + length, 0))
  const messages: Buffer[] = []
  let at = 0
  let length = 0
  for (const message of all) {
    length += message.length + 8
    if (length > BATCH_BYTES) break
    at += FRAME_HEAD
    messages.push(buffer.subarray(at, at + message.copy(buffer, at)))
    at += message.length
  }
  return messages
}

/** Carries one question at a time. */
class Link {
  readonly #worker: Worker
  #answered: (answer: Answer) => void = () => {}
  #failed: (error: Error) => void = () => {}

  constructor (worker: Worker) {
    this.#worker = worker
    worker.on('message', (answer: Answer) => this.#answered(answer))
    worker.on('error', (error: Error) => this.#failed(error))
  }

  async ask (task: Task, transferred: ArrayBuffer[]): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#worker.postMessage(task, transferred)
    })
  }
}
