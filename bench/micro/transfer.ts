import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { alignLike } from '../../src/shared-memory.ts'
import { beside } from '../harness/child.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { sampleMessages } from './sample.ts'
import type { Answer, Task } from './transfer.worker.ts'

/** Of messages in a batch, four times a push; half as much again is for the parts. */
const BATCH_BYTES = 4 * 2 ** 20
const BUFFER_BYTES = BATCH_BYTES / 2 * 3
/** What stands in front of a message in the socket's buffer: so a message lies anywhere within a word. */
const FRAME_HEAD = 30
/** The collector has to come round several times within a window. */
const WINDOWS = 2

/**
 * A batch of messages to a worker thread, and the parts back: copied out of the socket's buffer, taken in by the worker, and parts a
 * quarter as large. One batch at a time; the CPU is that of both threads and of whoever collects their garbage.
 *
 * Shared memory, used again, was chosen: what is handed over for good has to be allocated anew for each batch, and collected by the thread
 * that it was handed to; and one that travels to and fro, the cheapest of all, is gone with a thread that dies, while shared memory
 * stays here. The copies are placed as their source lies, for else V8 copies to and from shared memory byte by byte.
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
  const fresh = (): ArrayBuffer => Buffer.allocUnsafeSlow(BATCH_BYTES).buffer
  let travelling = Buffer.allocUnsafeSlow(BUFFER_BYTES).buffer
  const kept = fresh()
  try {
    return [await compare({
      question: `a batch of ${messages.length} messages to a worker, its parts back`,
      unit: 'µs a batch of 4 MiB',
      per: 1,
      alternatives: [
        { name: 'shared memory, copies aligned', chosen: true, run: way(() => shared, { alike: true, back: 'left in the batch' }) },
        { name: 'shared memory, copies as they come', run: way(() => shared, { alike: false, back: 'left in the batch' }) },
        { name: 'one ArrayBuffer, transferred to and fro', run: way(() => travelling, { alike: false, back: 'transferred with the batch' }) },
        { name: 'an ArrayBuffer a batch and a part, transferred', run: way(fresh, { alike: false, back: 'transferred' }) },
        { name: 'ArrayBuffers cloned', run: way(() => kept, { alike: false, back: 'cloned' }) }
      ]
    }, { ...effort, windowMs: effort.windowMs * WINDOWS })]
  } finally {
    await worker.terminate()
  }
}

/** As many as a batch holds, as they lie in the socket's buffer. */
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

/** One question at a time. */
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
