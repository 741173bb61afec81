import type { EncoderSettings } from '../types.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { ABSENT, ARENA, type Fields, GLOBAL_REQUEST_ID, HOST, HOSTNAME, INPUT, INSTANCE_ID, LEVEL, PID, REQUEST_ID, SEVERITY, SIDE, TAG } from './fields.ts'
import { LEVELS, OsloLine, severityLevel, tagPid } from './oslo.ts'

/**
 * Fills the slots whose values no key of the record holds: `level`, `pid` and the ids out of an oslo.log line, where there is
 * one; else the level from the syslog severity and the pid from the tag. A key of the record by such a name stands where the
 * line says nothing. `host` falls back to `hostname`, as an older rsyslog template spells it.
 */
export class DerivedFields {
  readonly #fields: Fields
  readonly #side: ByteBuffer
  readonly #wanted: boolean
  readonly #line = new OsloLine()
  readonly #range = new Int32Array(2)
  readonly #levelStart: number[] = []
  /** The names of the levels lie at the front of the side buffer, for good. */
  readonly sideStart: number

  constructor (settings: Pick<EncoderSettings, 'labels' | 'metadata'>, fields: Fields, side: ByteBuffer) {
    this.#fields = fields
    this.#side = side
    const derived = [LEVEL, PID, REQUEST_ID, GLOBAL_REQUEST_ID, INSTANCE_ID].map(slot => fields.names[slot])
    this.#wanted = [...settings.labels, ...settings.metadata].some(({ field }) => derived.includes(field))
    for (const name of LEVELS) {
      this.#levelStart.push(side.length)
      side.append(Buffer.from(name), 0, name.length)
    }
    this.sideStart = side.length
  }

  /** `input` holds the record, `arena[lineStart, lineEnd)` its line as it will be stored. */
  fill (input: Uint8Array, arena: Uint8Array, lineStart: number, lineEnd: number): void {
    const fields = this.#fields
    if (fields.isEmpty(HOST)) fields.copy(HOSTNAME, HOST)
    if (!this.#wanted) return
    const line = this.#line
    if (line.parse(arena, lineStart, lineEnd)) {
      this.#setLevel(line.level)
      fields.set(PID, ARENA, line.pidStart, line.pidEnd)
      if (line.requestEnd > 0) fields.set(REQUEST_ID, ARENA, line.requestStart, line.requestEnd)
      if (line.globalEnd > 0) fields.set(GLOBAL_REQUEST_ID, ARENA, line.globalStart, line.globalEnd)
      if (line.instanceEnd > 0) fields.set(INSTANCE_ID, ARENA, line.instanceStart, line.instanceEnd)
      return
    }
    if (fields.isEmpty(LEVEL) && fields.kind[SEVERITY] !== ABSENT) {
      this.#setLevel(severityLevel(this.#bytes(SEVERITY, input), fields.start[SEVERITY], fields.end[SEVERITY]))
    }
    if (fields.isEmpty(PID) && fields.kind[TAG] !== ABSENT && tagPid(this.#bytes(TAG, input), fields.start[TAG], fields.end[TAG], this.#range)) {
      fields.set(PID, fields.kind[TAG], this.#range[0], this.#range[1])
    }
  }

  #setLevel (level: number): void {
    if (level >= 0) this.#fields.set(LEVEL, SIDE, this.#levelStart[level], this.#levelStart[level] + LEVELS[level].length)
  }

  #bytes (slot: number, input: Uint8Array): Uint8Array {
    return this.#fields.kind[slot] === INPUT ? input : this.#side.bytes
  }
}
