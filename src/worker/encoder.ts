import { isUtf8 } from 'node:buffer'
import { type EncodeResult, type EncoderSettings, type EncodeTask, MEND_REASONS, type MendReason, type Part, QUARANTINE_REASONS, type QuarantineReason } from '../types.ts'
import { type BodySink, readBody } from './amqp-body.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { EntryWriter } from './entry-writer.ts'
import { Fields } from './fields.ts'
import { parseRecord } from './record-parse.ts'
import { RecordScanner } from './record-scan.ts'

/** How much of a body that cannot be read is shown, in bytes. */
const BAD_BODY_SHOWN = 256

/**
 * What a worker does with a batch: AMQP bodies to records, records to entries, entries to compressed parts. Synchronous, without
 * I/O, and with nothing kept from batch to batch but caches; so the same batch always gives the same entries.
 */
export class Encoder implements BodySink {
  readonly #fields: Fields
  readonly #side = new ByteBuffer(64 * 1024)
  readonly #scanner: RecordScanner
  readonly #entries: EntryWriter
  #input: Buffer = Buffer.alloc(0)
  #records = 0
  #quarantined = new Uint32Array(QUARANTINE_REASONS.length)
  #mended = new Uint32Array(MEND_REASONS.length)
  #parts: Part[] = []

  constructor (settings: EncoderSettings) {
    this.#fields = new Fields(settings)
    this.#scanner = new RecordScanner(this.#fields, this.#side)
    this.#entries = new EntryWriter(settings, this.#fields, this.#side, reason => this.#mend(reason))
  }

  encode (task: EncodeTask): EncodeResult {
    this.#input = Buffer.from(task.bytes)
    this.#records = 0
    this.#quarantined = new Uint32Array(QUARANTINE_REASONS.length)
    this.#mended = new Uint32Array(MEND_REASONS.length)
    this.#parts = []
    this.#entries.begin(this.#input, task.arrivalSeconds, task.arrivalNanos)
    let start = 0
    for (const end of task.ends) {
      this.#entries.nextMessage()
      readBody(this.#input, start, end, this)
      start = end
    }
    this.#parts.push(...this.#entries.flush(false))
    return { parts: this.#parts, records: this.#records, quarantined: this.#quarantined, mended: this.#mended, oldestMs: this.#entries.oldestMs }
  }

  record (start: number, end: number): void {
    this.#records++
    this.#side.length = this.#entries.sideStart
    const reason = this.#read(start, end) ?? this.#entries.write(this.#scanner.messageEscaped)
    // Only the line itself can hold what the scanner leaves to JSON.parse (halves of surrogate pairs): it is read again, that way.
    const final = reason === 'unread' ? this.#parse(start, end) ?? this.#entries.write(false) : reason
    if (final !== undefined && final !== 'unread') this.#quarantine(final, start, end)
    if (this.#entries.full) this.#parts.push(...this.#entries.flush(true))
  }

  bad (start: number, end: number): void {
    this.#records++
    this.#quarantined[QUARANTINE_REASONS.indexOf('bad_body')]++
    const shown = this.#input.subarray(start, Math.min(end, start + BAD_BODY_SHOWN)).toString('hex')
    this.#entries.quarantine('bad_body', Buffer.from(`${end - start} bytes: ${shown}`))
    if (this.#entries.full) this.#parts.push(...this.#entries.flush(true))
  }

  #read (start: number, end: number): QuarantineReason | undefined {
    if (isUtf8(this.#input.subarray(start, end))) {
      if (this.#scanner.scan(this.#input, start, end)) return undefined
    } else this.#mend('utf8')
    return this.#parse(start, end)
  }

  #parse (start: number, end: number): QuarantineReason | undefined {
    this.#side.length = this.#entries.sideStart
    this.#scanner.messageEscaped = false
    return parseRecord(this.#input.toString('utf8', start, end), this.#fields, this.#side)
  }

  #quarantine (reason: QuarantineReason, start: number, end: number): void {
    this.#quarantined[QUARANTINE_REASONS.indexOf(reason)]++
    const raw = this.#input.subarray(start, end)
    this.#entries.quarantine(reason, isUtf8(raw) ? raw : Buffer.from(raw.toString('utf8')))
  }

  #mend (reason: MendReason): void {
    this.#mended[MEND_REASONS.indexOf(reason)]++
  }
}
