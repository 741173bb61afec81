import type { EncodeTask } from '../messages/tasks.ts'
import type { Arena } from './arena.ts'
import { BatchMessages } from './batch-messages.ts'
import type { Stream } from '../streams/stream.ts'
import { TakenTimes } from './taken-times.ts'
import type { Timestamp } from '../input/timestamp.ts'

/** Nobody has asked yet whether the present message came before; it did not. */
const NOT_ASKED = -2
const NONE = -1

/**
 * Gives each entry of a batch a time that no other entry of its stream has: its own, or the first one behind it that is
 * free. So entries with equal times stay in the order of their records, within a message and from one message to the
 * next, and Loki takes no two for one.
 *
 * A message with the same bytes as an earlier one of the batch is that one, sent again. Its entries get the times that
 * those of the first got, and Loki stores them once. Only of the format `syslog`, whose messages hold what one read
 * brought, no message counts as sent again. What remains is a message that comes again in another batch: its
 * entries get the same times, but for those that made way for other messages in one of the two batches. Of these, Loki
 * stores two.
 *
 * The times of a stream mostly rise: one comparison for each entry shows that. Where a time is that of the entry
 * before, the next nanosecond is free. Only when a time falls, the times of this stream in this batch go into a table,
 * and are looked up from then on.
 */
export class EntryTimes {
  readonly #arena: Arena
  readonly #messages = new BatchMessages()
  #batch = 0
  #message = -1
  /** By message: the index of the next entry in the arena when it began. */
  #firstEntries: number[] = []
  /** The first message whose entries are all in the arena still. */
  #oldest = 0
  /** The message that the present one repeats. */
  #original = NOT_ASKED
  #mayRepeat = true
  readonly #taken = new TakenTimes()
  /** How many streams have their times in the table. */
  #owners = 0

  constructor (arena: Arena) {
    this.#arena = arena
  }

  begin (task: Pick<EncodeTask, 'format' | 'bytes' | 'starts' | 'ends'>): void {
    this.#mayRepeat = task.format !== 'syslog'
    this.#taken.clear()
    this.#owners = 0
    this.#messages.begin(task)
    this.#batch++
    this.#message = -1
    this.#firstEntries = []
    this.#oldest = 0
  }

  nextMessage (): void {
    this.#message++
    this.#original = this.#mayRepeat ? NOT_ASKED : NONE
    this.#firstEntries.push(this.#arena.entries)
  }

  /** Moves `time`, the entry's own, on to the time that it gets. Must be called before each entry is appended. */
  separate (stream: Stream, time: Timestamp): void {
    if (stream.timedIn !== this.#batch) {
      stream.timedIn = this.#batch
      stream.owner = stream.repeatedIn = stream.repeated = -1
      newest(stream, time, 0)
      return
    }
    const { seconds, nanos } = time
    const rises = seconds > stream.newestSeconds || (seconds === stream.newestSeconds && nanos > stream.newestNanos)
    if (rises && stream.owner < 0) {
      newest(stream, time, 0)
      return
    }
    if (this.#isRepeat(stream) && this.#repeat(stream, time)) return
    // All times from the own one of the newest entry up to its present one are taken.
    const behind = (stream.newestSeconds - seconds) * 1e9 + stream.newestNanos - nanos
    if (behind <= stream.moved && stream.owner < 0) {
      time.advance(behind + 1)
      newest(stream, time, behind + 1)
      return
    }
    this.#remember(stream)
    this.#taken.takeFree(stream.owner, time)
  }

  /** Must be called before entries leave the arena in the middle of a batch. */
  leave (streams: readonly Stream[]): void {
    for (const stream of streams) {
      this.#remember(stream)
      stream.repeated = -1
    }
    this.#oldest = this.#message + 1
    this.#original = NONE
  }

  /**
   * Whether the present message came before in this batch. The first entry of such a message finds its time taken, by
   * an entry of another message.
   */
  #isRepeat (stream: Stream): boolean {
    if (this.#original === NOT_ASKED && stream.tail < this.#firstEntries[this.#message]!) {
      const earlier = this.#messages.earlier(this.#message)
      this.#original = earlier < this.#oldest ? NONE : earlier
    }
    return this.#original >= 0
  }

  /**
   * Gives the entry the time that it got in the original message: that of the stream's next entry there. An entry there
   * that is earlier is passed over: its record has gone elsewhere this time. False where there is none.
   */
  #repeat (stream: Stream, time: Timestamp): boolean {
    const { next, seconds, nanos } = this.#arena
    const [first, end] = [this.#firstEntries[this.#original]!, this.#firstEntries[this.#original + 1]!]
    let entry = stream.repeated
    if (stream.repeatedIn !== this.#message) {
      stream.repeatedIn = this.#message
      // Most repeats come in the order of their originals.
      if (entry < 0 || entry > first) entry = stream.head
      while (entry >= 0 && entry < first) entry = next[entry]!
    }
    while (entry >= 0 && entry < end && (seconds[entry]! - time.seconds || nanos[entry]! - time.nanos) < 0) entry = next[entry]!
    if (entry < 0 || entry >= end) return false
    time.set(seconds[entry]!, nanos[entry]!)
    stream.repeated = next[entry]!
    return true
  }

  /** Puts the times of the stream's entries in the arena into the table. */
  #remember (stream: Stream): void {
    if (stream.timedIn !== this.#batch || stream.owner >= 0) return
    stream.owner = this.#owners++
    const { next, seconds, nanos } = this.#arena
    for (let entry = stream.head; entry >= 0; entry = next[entry]!) this.#taken.add(stream.owner, seconds[entry]!, nanos[entry]!)
  }
}

/** `moved`: by how many nanoseconds the entry made way. */
function newest (stream: Stream, time: Timestamp, moved: number): void {
  stream.newestSeconds = time.seconds
  stream.newestNanos = time.nanos
  stream.moved = moved
}
