import type { CardinalityReport, EncodeTask, HostCount, OddNames, Part } from '../messages/tasks.ts'
import type { MendReason, QuarantineReason } from '../messages/reasons.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { Entries } from './entries.ts'
import { cutNuls } from './nuls.ts'
import type { Filters } from '../filters/filters.ts'
import { type Fields, MESSAGE, TIMESTAMP } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Quarantined } from './quarantined.ts'
import { RecordTimes } from '../input/record-times.ts'
import type { Stream } from '../streams/stream.ts'
import { StreamCache } from '../streams/streams.ts'
import { ToldNames } from './told-names.ts'
import { Timestamp } from '../input/timestamp.ts'

/**
 * Writes each record whose fields are set as an entry of its stream, or of a quarantine stream. Makes parts of the
 * entries.
 */
export class EntryWriter {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #kernel: Kernel
  readonly #mend: (reason: MendReason, count: number) => void
  readonly #filters: Filters | undefined
  readonly #streams: StreamCache
  readonly #entries: Entries
  readonly #quarantined: Quarantined
  readonly #recordTimes: RecordTimes
  readonly #toldNames: ToldNames
  readonly #time = new Timestamp()
  readonly #arrival = new Timestamp()
  #arrivalMs = 0
  /** No record after this time can be too far behind, whatever other workers have brought. */
  #oldMs = 0
  #address = ''
  oldestMs = NaN
  /** How many records of the batch held nothing but NULs, and are not stored. */
  empty = 0

  /** `filters`: undefined where there are no rules. */
  constructor (
    settings: EncoderSettings, fields: Fields, kernel: Kernel, mend: (reason: MendReason, count: number) => void, filters?: Filters
  ) {
    this.#settings = settings
    this.#fields = fields
    this.#kernel = kernel
    this.#mend = mend
    this.#filters = filters
    this.#streams = new StreamCache(settings, fields, kernel)
    this.#entries = new Entries(settings, fields, kernel, this.#streams, mend)
    this.#recordTimes = new RecordTimes(settings, kernel, mend)
    this.#quarantined = new Quarantined(settings, fields, kernel, this.#recordTimes, bytes => this.place(bytes))
    this.#toldNames = new ToldNames(settings, fields, kernel, bytes => this.place(bytes))
  }

  get full (): boolean {
    return this.#entries.full
  }

  /** Begins a batch. The kernel's memory is free from `at` on. */
  begin (at: number, task: EncodeTask): void {
    this.#address = task.address
    this.#streams.begin(task.address)
    this.#arrival.set(task.arrivalSeconds, task.arrivalNanos)
    this.#arrivalMs = this.#arrival.milliseconds
    this.#entries.begin(at, task, this.#arrivalMs)
    this.#recordTimes.begin(this.#arrivalMs)
    this.#oldMs = this.#arrivalMs + this.#settings.maxAheadMs - this.#settings.maxDisorderMs
    this.oldestMs = NaN
    this.empty = 0
  }

  /** Puts bytes that the batch does not have as they are into the kernel's memory, and returns their address. */
  place (bytes: Uint8Array): number {
    return this.#entries.place(bytes)
  }

  nextMessage (): void {
    this.#kernel.run.nextMessage()
    this.#entries.nextMessage()
  }

  /** Makes parts of the entries. `atEnd`: the batch has no more. */
  flush (atEnd: boolean): Part[] {
    return this.#entries.flush(atEnd, this.#address, this.oldestMs)
  }

  /** Returns the tenants that were found to have too many streams since the last call. */
  takeCardinalityReports (): CardinalityReport[] {
    return this.#streams.takeCardinalityReports()
  }

  /** See EncodeResult. */
  takeLoudHosts (): HostCount[] | undefined {
    return this.#entries.takeLoudHosts()
  }

  /** The first names since the last call of which one is no host or no source. */
  takeOddNames (): OddNames | undefined {
    return this.#toldNames.takeSample()
  }

  /**
   * Writes the record to its stream, `later` nanoseconds behind its time. Returns why it must go to quarantine instead,
   * or undefined.
   */
  write (later = 0): QuarantineReason | undefined {
    const fields = this.#fields
    const { run } = this.#kernel
    if (fields.isAbsent(MESSAGE)) return 'no_message'
    const untimely = this.#readTime()
    if (untimely !== undefined && this.#filters?.drops !== true) return untimely

    const isUnescaped = run.cutLine() !== 0
    run.derive(fields.start(MESSAGE), fields.end(MESSAGE))
    if (this.#filters?.isDropped() === true) return undefined
    if (untimely !== undefined) return untimely
    this.#filters?.redactFields()
    const cut = fields.mayHoldNuls ? this.#cutNuls() : undefined
    if (cut === 'nothing else') {
      this.empty++
      return undefined
    }
    const reason = this.#put(this.#streams.find(), later)
    if (reason !== undefined) return reason
    if (cut !== undefined) this.#mend('nuls', 1)
    if (isUnescaped) this.#mend('newlines', 1)
    return undefined
  }

  #readTime (): QuarantineReason | undefined {
    const fields = this.#fields
    if (fields.isAbsent(TIMESTAMP)) return 'no_timestamp'
    return this.#recordTimes.read(fields.start(TIMESTAMP), fields.end(TIMESTAMP), this.#time)
  }

  /** Does so for a record of which the kernel has done all up to its stream, `number` (-1: not known to it). */
  writeReady (number: number, later: number): QuarantineReason | undefined {
    this.#time.set(this.#kernel.seconds, this.#kernel.nanos)
    return this.#put(this.#streams.find(number), later)
  }

  #put (found: ReturnType<StreamCache['find']>, later: number): QuarantineReason | undefined {
    if (typeof found === 'string') return found
    const fields = this.#fields
    const time = this.#time
    if (later > 0) time.advance(later)
    const timeMs = time.milliseconds
    if (timeMs < this.#oldMs) this.#streams.learnNewest(found)
    const stream = this.#isLate(found, timeMs) ? this.#backlogOf(found, timeMs) : found
    if (stream === undefined) return 'too_late'
    if (timeMs > stream.newestMs) stream.newestMs = timeMs
    if (!(timeMs >= this.oldestMs)) this.oldestMs = timeMs
    if (this.#streams.cuts > 0) this.#mend('label_cut', this.#streams.cuts)
    if (stream.isShared) this.#tellNames()
    this.#entries.write(stream, fields.start(MESSAGE), fields.end(MESSAGE), time)
    return undefined
  }

  /** Cuts the NULs of the line as `cutNuls` does. A label or metadata made of the message has none of them. */
  #cutNuls (): ReturnType<typeof cutNuls> {
    const fields = this.#fields
    const cut = cutNuls(this.#kernel.bytes.subarray(fields.start(MESSAGE), fields.end(MESSAGE)))
    if (typeof cut !== 'object') return cut
    const start = this.place(cut)
    fields.set(MESSAGE, start, start + cut.length)
    return cut
  }

  /** Puts the names of a record in the shared stream where they can be read. */
  #tellNames (): void {
    const fields = this.#fields
    this.#mend('names', 1)
    fields.set(MESSAGE, ...this.#toldNames.tell(fields.start(MESSAGE), fields.end(MESSAGE)))
  }

  /**
   * The stream for a record that Loki would reject in its own; undefined where it would do so there too. Loki tells
   * that only of the last stream of a push.
   */
  #backlogOf (stream: Stream, timeMs: number): Stream | undefined {
    const backlog = this.#streams.backlog(stream, timeMs)
    if (backlog === undefined || this.#isLate(backlog, timeMs)) return undefined
    this.#mend('backlog', 1)
    return backlog
  }

  #isLate (stream: Stream, timeMs: number): boolean {
    return timeMs < stream.newestMs - this.#settings.maxDisorderMs
  }

  /**
   * Writes `line` to the quarantine stream of the reason, at a time of arrival that no other entry has. With the
   * batch's time, the clock has reserved a nanosecond for each byte of the batch (ArrivalClock).
   */
  quarantine (reason: QuarantineReason, line: Uint8Array): void {
    const { labels, tenant } = this.#quarantined.streamOf(this.#address, reason)
    const stream = this.#streams.quarantine(labels, tenant)
    this.#quarantined.tell(this.#address)
    const start = this.place(line)
    this.#entries.writeQuarantined(stream, start, start + line.length, this.#arrival)
  }
}
