import { FORMATS } from './formats/table.ts'
import { DERIVED, Fields, MESSAGE } from './input/fields.ts'
import { parseRecord } from './input/record-parse.ts'
import { SyslogReader } from './input/syslog.ts'
import { Kernel, SCAN } from './kernel/kernel.ts'
import type { EncoderSettings } from './messages/settings.ts'

/** The format of a record's line, if it has a known one, and where each derived field comes from. */
export interface Explanation {
  format: string | undefined
  level: string | undefined
  from: Record<string, string>
}

/** The places of a level, as kernel/assembly/derive.ts numbers them. */
const LEVEL_FROM = ['', 'line', 'record', 'severity', 'record before']

/** Says of records, one after the other, what is read of them and where. Its records are no more than 1 MiB long. */
export class Explainer {
  readonly #kernel = new Kernel()
  readonly #fields: Fields
  readonly #syslog: SyslogReader
  #free = 0

  constructor (settings: EncoderSettings) {
    const metadata = DERIVED.map(name => ({ name, field: name }))
    this.#fields = new Fields({ ...settings, metadata }, this.#kernel)
    this.#syslog = new SyslogReader(this.#kernel, this.#fields, bytes => this.#place(bytes), () => {})
  }

  /** The next record does not continue one before it. */
  nextMessage (): void {
    this.#kernel.run.nextMessage()
  }

  /**
   * Undefined where the record cannot be read, or has no message. `syslogMs`: the record is one of syslog that arrives
   * at this time.
   */
  explain (record: Buffer, syslogMs?: number): Explanation | undefined {
    const fields = this.#fields
    const { run } = this.#kernel
    this.#free = this.#kernel.window(record.length)
    const start = this.#kernel.input(record)
    if (syslogMs !== undefined) {
      this.#syslog.begin(Math.floor(syslogMs / 1000), 0)
      this.#syslog.read(record, start)
    } else if (run.scan(start, start + record.length) === SCAN.LEFT &&
      parseRecord(record.toString(), fields, bytes => this.#place(bytes)) !== undefined) return undefined
    if (fields.isAbsent(MESSAGE)) return undefined
    run.cutLine()
    const own = DERIVED.map(name => fields.start(fields.slot(name)))
    run.derive(fields.start(MESSAGE), fields.end(MESSAGE))
    const from: Record<string, string> = {}
    for (const [i, name] of DERIVED.entries()) {
      const place = this.#placeOf(name, own[i])
      if (place !== undefined) from[name] = place
    }
    return { format: FORMATS[run.recognised.value]?.name, level: this.#text('level'), from }
  }

  #placeOf (name: string, own: number | undefined): string | undefined {
    const fields = this.#fields
    if (this.#text(name) === undefined) return undefined
    if (name === 'level') return LEVEL_FROM[this.#kernel.run.levelFrom.value]
    const start = fields.start(fields.slot(name))
    const tag = fields.slot('tag')
    if (start > fields.start(tag) && start < fields.end(tag)) return 'tag'
    return start === own ? 'record' : 'line'
  }

  #text (name: string): string | undefined {
    const slot = this.#fields.slot(name)
    const text = this.#kernel.bytes.toString('utf8', this.#fields.start(slot), this.#fields.end(slot))
    return text === '' ? undefined : text
  }

  #place (bytes: Uint8Array): number {
    const at = this.#free
    this.#free += bytes.length
    this.#kernel.reserve(this.#free)
    this.#kernel.bytes.set(bytes, at)
    return at
  }
}
