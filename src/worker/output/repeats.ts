import type { Arena } from './arena.ts'
import type { Stream } from '../streams/stream.ts'
import type { Timestamp } from '../input/timestamp.ts'

/**
 * Separates repeats: records of one message that have the same stream, timestamp and line. Loki would store such
 * records once. So the second moves on by one nanosecond, the third by two, in the order of the message. Other messages
 * do not matter: so the same message, delivered again, gives the same times, and Loki stores it once.
 *
 * The times of a stream mostly rise, and then nothing can repeat: one comparison per record shows that. When a time
 * does not rise, the times and lines of this stream in this message go into a map, and are looked up from then on.
 */
export class Repeats {
  readonly #arena: Arena
  #message = 0
  /** The streams that have a map. The maps hold as much text as the message, and are dropped behind it. */
  #remembering: Stream[] = []

  constructor (arena: Arena) {
    this.#arena = arena
  }

  nextMessage (): void {
    this.#message++
    for (const stream of this.#remembering) stream.seen = undefined
    this.#remembering = []
  }

  /**
   * Moves `time` on where the line in `[lineStart, lineEnd)` is a repeat. Must be called once for each entry, before it
   * is appended.
   */
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

  /**
   * Puts the stream's entries of this message into a map. Must be called before entries leave the arena within a
   * message.
   */
  remember (stream: Stream): void {
    if (stream.message !== this.#message || stream.seen !== undefined) return
    stream.seen = new Map()
    this.#remembering.push(stream)
    const arena = this.#arena
    for (let entry = stream.head; entry >= 0; entry = arena.next[entry]!) {
      if (entry >= stream.firstOfMessage) {
        stream.seen.set(this.#key(arena.seconds[entry]!, arena.nanos[entry]!, arena.lineStart[entry]!, arena.lineEnd[entry]!), 1)
      }
    }
  }

  /**
   * Finds the first free time. For each time and line in use, `seen` holds a number of nanoseconds: a repeat may skip
   * so many, because all times in between are in use. Each step on the way gets its new number, so that no way is
   * walked twice.
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
