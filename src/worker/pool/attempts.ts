import { setTimeout as pause } from 'node:timers/promises'
import type { Batch } from '../../batch/batch.ts'
import { LokeanError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { EncodeResult } from '../messages/tasks.ts'
import { WorkerFailure } from './failure.ts'
import { mergeResults } from './merge-results.ts'
import type { WorkerPool } from './pool.ts'

interface Options {
  pool: Pick<WorkerPool, 'encode' | 'quarantineMessage'>
  /** Reserves this many nanoseconds, which no other entry gets, and returns the first (ArrivalClock). */
  arrival: (nanoseconds: number) => { seconds: number, nanos: number }
  /** Copies the first `bytes` to memory that no thread knows yet, and returns it in place of the buffer. */
  replaceBuffer: (buffer: SharedArrayBuffer, bytes: number) => SharedArrayBuffer
  log: Logger
  /** Ends all waiting. */
  closing: AbortSignal
  retryMs?: number
}

const RETRY_MS = 1_000

/**
 * Gets a batch encoded, even if it makes worker threads fail. The pool replaces a thread that fails; the main thread
 * still has the batch, and tries it again. A batch that fails twice is bisected, to find the messages at fault. These
 * go to quarantine as they came, without being looked into.
 *
 *     whole --fails--> whole, again --fails--> halves --fails--> halves of the half ... --a message fails--> quarantine
 *
 * Attempts to put a message into quarantine have no end. One attempt runs at a time, so a batch never kills more than
 * one thread at once.
 */
export class Attempts {
  readonly #options: Options & { retryMs: number }

  constructor (options: Options) {
    this.#options = { retryMs: RETRY_MS, ...options }
  }

  /** `transfer`: see EncodeTask. Rejects only with LOKEAN_CLOSED. */
  async encode (batch: Batch, transfer: boolean): Promise<EncodeResult> {
    const first = await this.#try(batch, 0, batch.messages, transfer)
    if (first !== undefined) return first
    await this.#pause()
    return await this.#try(batch, 0, batch.messages, true) ?? mergeResults(await this.#bisect(batch, 0, batch.messages))
  }

  /** The results of the messages `from` up to `to` (not included), which have failed together. */
  async #bisect (batch: Batch, from: number, to: number): Promise<EncodeResult[]> {
    if (to - from === 1) return [await this.#quarantineMessage(batch, from)]
    const middle = Math.ceil((from + to) / 2)
    const results: EncodeResult[] = []
    for (const [start, end] of [[from, middle], [middle, to]] as const) {
      const result = await this.#try(batch, start, end, true)
      results.push(...result === undefined ? await this.#bisect(batch, start, end) : [result])
    }
    return results
  }

  /** Undefined where the thread failed. */
  async #try (batch: Batch, from: number, to: number, transfer: boolean): Promise<EncodeResult | undefined> {
    const starts = Uint32Array.from(batch.starts.slice(from, to))
    const ends = Uint32Array.from(batch.ends.slice(from, to))
    const redelivered = batch.redelivered.filter(message => message >= from && message < to).map(message => message - from)
    const time = this.#arrival(starts.at(0) ?? 0, (ends.at(-1) ?? 0) + to - from)
    return await this.#guard(batch, to - from, async () => await this.#options.pool.encode({
      address: batch.address, format: batch.format, bytes: batch.bytes, starts, ends, redelivered, transfer, ...time
    }))
  }

  async #quarantineMessage (batch: Batch, message: number): Promise<EncodeResult> {
    const { pool, log } = this.#options
    const [start = 0, end = 0] = [batch.starts[message], batch.ends[message]]
    const time = this.#arrival(start, end)
    log.error({ address: batch.address, bytes: end - start }, 'a message that makes the workers fail goes to the quarantine stream worker_failed, as it came')
    while (true) {
      const result = await this.#guard(
        batch, 1,
        async () => await pool.quarantineMessage({ address: batch.address, message: Buffer.from(batch.bytes, start, end - start), ...time })
      )
      if (result !== undefined) return { ...result, redelivered: Number(batch.redelivered.includes(message)) }
      await this.#pause()
    }
  }

  async #guard (batch: Batch, messages: number, attempt: () => Promise<EncodeResult>): Promise<EncodeResult | undefined> {
    const { closing, log, replaceBuffer } = this.#options
    try {
      return await attempt()
    } catch (err) {
      if (closing.aborted || !(err instanceof WorkerFailure)) throw closed()
      log.error({ err, address: batch.address, messages }, 'a worker failed on a batch; it is tried again')
      // A thread takes a while to end. Until then, it may write into the memory of the batch, where it would leave its
      // parts.
      batch.bytes = replaceBuffer(batch.bytes, batch.length)
      return undefined
    }
  }

  #arrival (start: number, end: number): { arrivalSeconds: number, arrivalNanos: number } {
    const { seconds, nanos } = this.#options.arrival(end - start)
    return { arrivalSeconds: seconds, arrivalNanos: nanos }
  }

  async #pause (): Promise<void> {
    const { retryMs, closing } = this.#options
    await pause(retryMs, undefined, { signal: closing }).catch(() => { throw closed() })
  }
}

function closed (): LokeanError {
  return new LokeanError('LOKEAN_CLOSED', 'closed before the batch was encoded')
}
