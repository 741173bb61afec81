import type { EncoderSettings } from '../types.ts'

/** Which buffer the bytes of a field lie in. */
export const ABSENT = 0
/** The batch as it came from the bus. */
export const INPUT = 1
/** The side buffer: values that had to be unescaped, or that were computed. */
export const SIDE = 2
/** The arena: a part of the line as it was written out. */
export const ARENA = 3

/** The slots that the program itself looks at; whatever else the mappings name comes behind them. */
export const TIMESTAMP = 0
export const MESSAGE = 1
export const HOST = 2
export const HOSTNAME = 3
export const SEVERITY = 4
export const TAG = 5
export const LEVEL = 6
export const PID = 7
export const REQUEST_ID = 8
export const GLOBAL_REQUEST_ID = 9
export const INSTANCE_ID = 10
const BUILT_IN = [
  '@timestamp', 'message', 'host', 'hostname', 'severity', 'tag',
  'level', 'pid', 'request_id', 'global_request_id', 'instance_id'
]

/** The fields of one record: for each slot where its value lies. Reused from record to record. */
export class Fields {
  readonly names: string[]
  readonly keys: Uint8Array[]
  readonly kind: Uint8Array
  readonly start: Int32Array
  readonly end: Int32Array

  constructor (settings: Pick<EncoderSettings, 'labels' | 'metadata' | 'tenant'>) {
    const wanted = [...settings.labels, ...settings.metadata].map(mapping => mapping.field)
    if (settings.tenant.kind === 'field') wanted.push(settings.tenant.field)
    this.names = [...new Set([...BUILT_IN, ...wanted])]
    this.keys = this.names.map(name => Buffer.from(name))
    this.kind = new Uint8Array(this.names.length)
    this.start = new Int32Array(this.names.length)
    this.end = new Int32Array(this.names.length)
  }

  slot (name: string): number {
    return this.names.indexOf(name)
  }

  clear (): void {
    this.kind.fill(ABSENT)
  }

  set (slot: number, kind: number, start: number, end: number): void {
    this.kind[slot] = kind
    this.start[slot] = start
    this.end[slot] = end
  }

  /** Absent and empty are the same to labels and metadata. */
  isEmpty (slot: number): boolean {
    return this.kind[slot] === ABSENT || this.start[slot] === this.end[slot]
  }

  copy (from: number, to: number): void {
    this.set(to, this.kind[from], this.start[from], this.end[from])
  }
}
