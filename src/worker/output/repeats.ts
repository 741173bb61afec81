import type { Arena } from './arena.ts'
import type { Stream } from '../streams/stream.ts'
import type { Timestamp } from '../input/timestamp.ts'

/**
 * Keeps true repeats apart. Loki stores an entry once that equals another in stream, timestamp and line; so of two records in
 * one message that are equal in all three, the second is moved by one nanosecond, the third by two, counted in message order.
 * The same message, delivered again, is counted the same and so stored once. Whatever came in other messages plays no part:
 * that is what makes the outcome depend on the message alone.
 *
 * Records of a stream mostly come with rising times, which cannot repeat: then one comparison is all. Only when a time does not
 * rise are the times and lines of this stream in this message written down, and looked up from there on.
 */
export class Repeats {
  readonly #arena: Arena
  #message = 0
  /** The streams for which times and lines are written down: as much text as the message has, not to be kept beyond it. */
  #remembering: Stream[] = []

  constructor (arena: Arena) {
    this.#arena = arena
  }

  nextMessage (): void {
    this.#message++
    for (const stream of this.#remembering) stream.seen = undefined
    this.#remembering = []
  }

  /** Moves `time` where the line in `[lineStart, lineEnd)` repeats one of this message. To be called once an entry, before it is appended. */
  separate (stream: Stream, time: Timestamp, lineStart: number, lineEnd: number): void {
    if (stream.message !== this.#message) {
      stream.message = this.#message
      stream.firstOfMessage = this.#arena.entries
      this.#newest(stream, time)
      return
    }
    const rises = time.seconds > stream.newestSeconds || (time.seconds === stream.newestSeconds && time.nanos > stream.newestNanos)
    if (rises && stream.seen === undefined) {
      this.#newest(stream, time)
      return
    }
    this.remember(stream)
    this.#move(stream.seen!, time, lineStart, lineEnd)
    if (rises) this.#newest(stream, time)
  }

  /** Writes down what this message brought for the stream so far; also needed before its entries leave the arena. */
  remember (stream: Stream): void {
    if (stream.message !== this.#message || stream.seen !== undefined) return
    stream.seen = new Map()
    this.#remembering.push(stream)
    const arena = this.#arena
    for (let entry = stream.head; entry >= 0; entry = arena.next[entry]!) {
      if (entry >= stream.firstOfMessage) stream.seen.set(this.#key(arena.seconds[entry]!, arena.nanos[entry]!, arena.lineStart[entry]!, arena.lineEnd[entry]!), 1)
    }
  }

  /**
   * `seen` holds, for each time and line that was stored, how many nanoseconds on the next repeat of it is to try first: all times
   * before that are taken. What was passed on the way learns how far it was, so that no way is walked twice, whatever the times.
   */
  #move (seen: Map<string, number>, time: Timestamp, lineStart: number, lineEnd: number): void {
    const { seconds, nanos } = time
    const passed: Array<{ key: string, offset: number }> = []
    let offset = 0
    let key = this.#key(seconds, nanos, lineStart, lineEnd)
    for (let step = seen.get(key); step !== undefined; step = seen.get(key)) {
      passed.push({ key, offset })
      offset += step
      time.seconds = seconds + Math.floor((nanos + offset) / 1e9)
      time.nanos = (nanos + offset) % 1e9
      key = this.#key(time.seconds, time.nanos, lineStart, lineEnd)
    }
    seen.set(key, 1)
    for (const one of passed) seen.set(one.key, offset + 1 - one.offset)
  }

  #newest (stream: Stream, time: Timestamp): void {
    stream.newestSeconds = time.seconds
    stream.newestNanos = time.nanos
  }

  #key (seconds: number, nanos: number, lineStart: number, lineEnd: number): string {
    return `${seconds}.${nanos} ${this.#arena.kernel.bytes.toString('latin1', lineStart, lineEnd)}`
  }
}
