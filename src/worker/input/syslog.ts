import { isUtf8 } from 'node:buffer'
import type { MendReason } from '../messages/reasons.ts'
import { FACILITIES } from './facilities.ts'
import { type Fields, MESSAGE, TIMESTAMP } from './fields.ts'
import { type Kernel, SCAN } from '../kernel/kernel.ts'
import { parseRecord } from './record-parse.ts'

/** What a time of RFC 3339 with nine digits needs, and the bytes behind it that the kernel reads. */
const TIME_BYTES = 64

/**
 * What a record is. `json`: a record as from the bus. `syslog`: a text that the header, where it has one, says the rest
 * of. `nothing`: neither a header nor a text.
 */
export type SyslogKind = 'json' | 'syslog' | 'nothing'

/** Reads records with a header of syslog (RFC 5424, RFC 3164), with none, and with JSON in the place of the text. */
export class SyslogReader {
  readonly #kernel: Kernel
  readonly #fields: Fields
  readonly #arrival: number
  readonly #place: (bytes: Uint8Array) => number
  readonly #mend: (reason: MendReason, count: number) => void

  /** `place` puts bytes into the kernel's memory, and returns their address. */
  constructor (
    kernel: Kernel, fields: Fields, place: (bytes: Uint8Array) => number, mend: (reason: MendReason, count: number) => void
  ) {
    this.#kernel = kernel
    this.#fields = fields
    this.#place = place
    this.#mend = mend
    this.#arrival = kernel.allocate(TIME_BYTES)
    for (const name of FACILITIES) {
      const { at, length } = kernel.text(name)
      kernel.run.addFacility(at, length)
    }
  }

  /** Begins a batch that arrived at this time. A record without a time gets it, and it tells the year of another. */
  begin (seconds: number, nanos: number): void {
    const time = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
    this.#kernel.bytes.write(time, this.#arrival, 'latin1')
    this.#kernel.run.setArrival(this.#arrival, time.length)
  }

  /** Whether the last record has no time of its own. */
  get isUntimed (): boolean {
    return this.#fields.start(TIMESTAMP) === this.#arrival
  }

  /** Fills the fields from a record that lies at `at` in the kernel's memory. */
  read (record: Buffer, at: number): SyslogKind {
    const { run } = this.#kernel
    const read = run.readSyslog(at, at + record.length)
    if (read !== SCAN.TAKEN && !isUtf8(record)) {
      this.#mend('utf8', 1)
      return this.#readText(Buffer.from(record.toString('utf8')))
    }
    return this.#kindOf(record, at)
  }

  #readText (record: Buffer): SyslogKind {
    const at = this.#place(record)
    this.#kernel.run.readSyslog(at, at + record.length)
    return this.#kindOf(record, at)
  }

  #kindOf (record: Buffer, at: number): SyslogKind {
    const { run } = this.#kernel
    if (run.object.value !== 0) {
      if (this.#isRecord(record, at, run.object.value, this.#fields.end(MESSAGE))) return 'json'
      // The scanner may have changed the bytes.
      this.#kernel.bytes.set(record, at)
      run.readSyslog(at, at + record.length)
    }
    return run.headed.value === 0 && this.#fields.isEmpty(MESSAGE) ? 'nothing' : 'syslog'
  }

  /** Whether the object in `[start, end)` is a record of rsyslog's template. Then the fields are filled from it. */
  #isRecord (record: Buffer, at: number, start: number, end: number): boolean {
    const text = (): string => record.toString('utf8', start - at, end - at)
    const isLeft = this.#kernel.run.scan(start, end) === SCAN.LEFT
    if (isLeft && parseRecord(text(), this.#fields, this.#place) !== undefined) return false
    return !this.#fields.isAbsent(TIMESTAMP) && !this.#fields.isAbsent(MESSAGE)
  }
}
