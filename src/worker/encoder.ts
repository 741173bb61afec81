import { isAscii, isUtf8 } from 'node:buffer'
import type { DeliveryFormat, EncodeResult, EncodeTask, Part } from './messages/tasks.ts'
import { MEND_REASONS, type MendReason, QUARANTINE_REASONS, type QuarantineReason } from './messages/reasons.ts'
import type { EncoderSettings } from './messages/settings.ts'
import { readBody } from './input/amqp-body.ts'
import { EntryWriter } from './output/entry-writer.ts'
import { Fields } from './input/fields.ts'
import { Filters } from './filters/filters.ts'
import { DROPPED, Kernel, READY, SCAN } from './kernel/kernel.ts'
import { findFields, mendEscapes } from './input/broken-json.ts'
import { PartialLines, type Span } from './input/partial-lines.ts'
import { parseRecord } from './input/record-parse.ts'
import { readRecords } from './input/records.ts'
import { SyslogReader } from './input/syslog.ts'
import { readSyslogRecords, type SyslogSink } from './input/syslog-records.ts'

type Reader = (bytes: Uint8Array, start: number, end: number, sink: SyslogSink) => void

/** What an encoder holds between batches: the memory of the last one could not go back to the machine. */
const NO_BYTES = Buffer.alloc(0)

/** JSON begins with it. */
const BRACE = 0x7b

const NO_COUNTS = new Uint32Array()

const READERS: Record<DeliveryFormat, Reader> = { amqp: readBody, records: readRecords, syslog: readSyslogRecords }

/**
 * Encodes a batch: AMQP bodies to records, records to entries, entries to compressed parts. It is synchronous, does no
 * I/O, and keeps only caches from batch to batch. So the same batch always gives the same entries.
 */
export class Encoder implements SyslogSink {
  readonly #kernel = new Kernel()
  readonly #fields: Fields
  readonly #entries: EntryWriter
  readonly #syslog: SyslogReader
  readonly #partialLines: PartialLines
  /** Undefined where no rule drops or redacts. */
  readonly #filters: Filters | undefined
  /**
   * The batch as it came. The kernel works on a copy of a group of messages, and unescapes in place there. A byte of
   * the batch lies #shift bytes further on in the kernel.
   */
  #input: Buffer = NO_BYTES
  #shift = 0
  #records = 0
  /** Records that were joined to the one before. */
  #joined = 0
  #quarantined = new Uint32Array(QUARANTINE_REASONS.length)
  #mended = new Uint32Array(MEND_REASONS.length)
  #parts: Part[] = []

  constructor (settings: EncoderSettings) {
    this.#fields = new Fields(settings, this.#kernel)
    const mend = (reason: MendReason, count: number): void => this.#mend(reason, count)
    if (settings.drop.length + settings.redact.length > 0) {
      this.#filters = new Filters(settings, this.#fields, this.#kernel, bytes => this.#entries.place(bytes))
    }
    this.#entries = new EntryWriter(settings, this.#fields, this.#kernel, mend, this.#filters)
    this.#syslog = new SyslogReader(this.#kernel, this.#fields, bytes => this.#entries.place(bytes), mend)
    this.#partialLines = new PartialLines({
      fields: this.#fields,
      kernel: this.#kernel,
      maxLineBytes: settings.maxLineBytes,
      place: bytes => this.#entries.place(bytes),
      write: records => this.#writeJoined(records),
      mendUtf8: () => this.#mend('utf8', 1)
    })
  }

  /** The kernel's memory. It never gets smaller. */
  get memoryBytes (): number {
    return this.#kernel.bytes.length
  }

  encode (task: EncodeTask): EncodeResult {
    const length = task.ends.at(-1) ?? 0
    this.#input = Buffer.from(task.bytes, 0, length)
    this.#records = 0
    this.#joined = 0
    this.#quarantined = new Uint32Array(QUARANTINE_REASONS.length)
    this.#mended = new Uint32Array(MEND_REASONS.length)
    this.#parts = []
    // The batch before may have failed half-way, and left a count.
    this.#kernel.run.takeCuts()
    this.#partialLines.clear()
    this.#filters?.begin()
    const groups = groupMessages(task)
    const largest = groups.reduce((most, { start, end }) => Math.max(most, end - start), 0)
    this.#entries.begin(this.#kernel.window(largest), task)
    this.#syslog.begin(task.arrivalSeconds, task.arrivalNanos)
    const read = READERS[task.format]
    const sentBefore = new Set(task.redelivered)
    let redelivered = 0
    for (const { start, end, first, last } of groups) {
      this.#shift = this.#kernel.input(this.#input.subarray(start, end)) - start
      for (let message = first; message <= last; message++) {
        this.#entries.nextMessage()
        const before = this.#records
        read(this.#input, task.starts[message]!, task.ends[message]!, this)
        this.#partialLines.flush()
        if (sentBefore.has(message)) redelivered += this.#records - before
      }
    }
    this.#parts.push(...this.#entries.flush(true))
    this.#mend('metadata_cut', this.#kernel.run.takeCuts())
    this.#input = NO_BYTES
    return {
      parts: this.#parts,
      shared: false,
      records: this.#records,
      redelivered,
      empty: this.#entries.empty,
      joined: this.#joined,
      dropped: this.#filters?.dropped ?? NO_COUNTS,
      redacted: this.#filters?.redacted ?? NO_COUNTS,
      quarantined: this.#quarantined,
      mended: this.#mended,
      cardinalityReports: this.#entries.takeCardinalityReports(),
      oddNames: this.#entries.takeOddNames(),
      loudHosts: this.#entries.takeLoudHosts(),
      oldestMs: this.#entries.oldestMs
    }
  }

  record (start: number, end: number, later = 0): void {
    this.#records++
    const scanned = this.#kernel.run.takeRecord(this.#shift + start, this.#shift + end)
    if (scanned >= READY - 1) return this.#done(this.#entries.writeReady(scanned - READY, later), start, end)
    if (scanned <= DROPPED) return this.#filters!.countDropped(DROPPED - scanned)
    if (scanned !== SCAN.LEFT && this.#partialLines.take(start, end)) return
    const unread = this.#read(scanned, start, end)
    if (scanned === SCAN.LEFT && unread === undefined && this.#partialLines.take(start, end)) return
    this.#done(unread ?? this.#entries.write(later), start, end)
  }

  peer (start: number, end: number): void {
    const isKnown = isAscii(this.#input.subarray(start, end))
    this.#kernel.run.setPeer(this.#shift + start, this.#shift + (isKnown ? end : start))
  }

  syslogRecord (start: number, end: number, later: number): void {
    if (this.#input[start] === BRACE) return this.record(start, end, later)
    this.#records++
    const kind = this.#syslog.read(this.#input.subarray(start, end), this.#shift + start)
    if (kind === 'nothing') this.#entries.empty++
    else if (!this.#partialLines.take(start, end)) this.#done(this.#entries.write(this.#syslog.isUntimed ? 0 : later), start, end)
  }

  #done (reason: QuarantineReason | undefined, start: number, end: number): void {
    if (reason !== undefined) this.#quarantine(reason, start, end)
    this.#filters?.countRedacted()
    if (this.#entries.full) this.#parts.push(...this.#entries.flush(false))
  }

  bad (start: number, end: number): void {
    this.#records++
    this.#quarantined[QUARANTINE_REASONS.indexOf('bad_body')]!++
    this.#fields.clear()
    const came = this.#input.subarray(start, end)
    const bytes = this.#filters?.redactBytes(came) ?? came
    this.#entries.quarantine('bad_body', Buffer.from(`${bytes.length} bytes, base64: ${bytes.toString('base64')}`))
    this.#filters?.countRedacted()
    if (this.#entries.full) this.#parts.push(...this.#entries.flush(false))
  }

  #writeJoined (records: readonly Span[]): void {
    const reason = this.#entries.write()
    if (reason === undefined) this.#joined += records.length - 1
    else for (const { start, end } of records) this.#quarantine(reason, start, end)
    this.#filters?.countRedacted()
    if (this.#entries.full) this.#parts.push(...this.#entries.flush(false))
  }

  /** Fills the fields of what the scanner has not taken. Returns why that is not possible, or undefined. */
  #read (scanned: number, start: number, end: number): QuarantineReason | undefined {
    if (scanned === SCAN.TAKEN) return undefined
    if (!isUtf8(this.#input.subarray(start, end))) this.#mend('utf8', 1)
    else if (scanned === SCAN.TAKEN_IF_UTF8) return undefined
    return this.#parse(this.#input.toString('utf8', start, end))
  }

  #parse (text: string): QuarantineReason | undefined {
    const place = (bytes: Uint8Array): number => this.#entries.place(bytes)
    const reason = parseRecord(text, this.#fields, place)
    if (reason !== 'invalid_json') return reason
    const mended = mendEscapes(text)
    if (mended !== undefined && parseRecord(mended, this.#fields, place) === undefined) {
      this.#mend('escapes', 1)
      return undefined
    }
    findFields(text, this.#fields, place)
    return reason
  }

  #quarantine (reason: QuarantineReason, start: number, end: number): void {
    this.#quarantined[QUARANTINE_REASONS.indexOf(reason)]!++
    const raw = this.#input.subarray(start, end)
    const text = isUtf8(raw) ? raw : Buffer.from(raw.toString('utf8'))
    this.#filters?.redactFields()
    this.#entries.quarantine(reason, this.#filters?.redactText(text) ?? text)
  }

  #mend (reason: MendReason, count: number): void {
    this.#mended[MEND_REASONS.indexOf(reason)]! += count
  }
}

/**
 * The number of bytes of messages that the kernel gets at a time. They stay in the processor's inner caches until they
 * are encoded.
 */
const GROUP_BYTES = 64 * 1024

/** The messages `first` to `last`, which lie in `[start, end)` of the batch. */
interface Group { start: number, end: number, first: number, last: number }

function groupMessages ({ starts, ends }: EncodeTask): Group[] {
  const groups: Group[] = []
  let first = 0
  for (let message = 0; message < ends.length; message++) {
    const next = ends[message + 1]
    if (next !== undefined && next - starts[first]! <= GROUP_BYTES) continue
    groups.push({ start: starts[first]!, end: ends[message]!, first, last: message })
    first = message + 1
  }
  return groups
}
