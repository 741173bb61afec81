import type { Level } from './levels.ts'

/** What is read of a line. A field that is absent has no value. */
export interface Reading {
  level?: Level
  pid?: string
  request_id?: string
  global_request_id?: string
  instance_id?: string
}

export interface Sample {
  line: string
  /** What is read of the line by itself, wherever it comes from. */
  read: Reading
}

/**
 * A format of log lines. Its pattern is a regular expression in the subset that `syntax.ts` reads. It is held
 * against the line's head: what stands behind the time (`time`), or the whole line (`line`). It ends where it first
 * can.
 * Named groups say what is read:
 *
 * - `critical`, `error`, `warning`, `info`, `debug`: the line has this level if the group takes part.
 * - `pid`, `instance`: the value.
 * - `context`: empty. From here on oslo.log's logger and brackets may come.
 * - `domain`: empty. From here on libvirt may name the domain, `uuid=...`.
 * - `inner`: empty. From here on the line is another program's. What is read of that counts more.
 */
export interface Format {
  readonly name: string
  readonly begins: 'time' | 'line'
  readonly pattern: RegExp
  /** Only within so many bytes. */
  readonly within?: number
  /**
   * The pattern has no time and could stand in a text. So behind a program's name it counts only where the name is no
   * ordinary word.
   */
  readonly untimed?: true
  /** What `inner` has decides alone: the format is only a wrapping, and the line no start of a record by itself. */
  readonly wraps?: true
  /** Lines that are indented behind it, and the one that ends them, belong to it. */
  readonly opens?: true
  /** A loop of the kernel reads its most frequent lines (`oslo`), or all of them (`json`). */
  readonly kernel?: 'oslo' | 'json'
  readonly samples: readonly Sample[]
}

/** Makes the pattern of a format from pieces, which are patterns or their sources. */
export function pattern (strings: TemplateStringsArray, ...pieces: Array<string | RegExp>): RegExp {
  const source = String.raw(strings, ...pieces.map(piece => typeof piece === 'string' ? piece : piece.source))
  return new RegExp(`^${source}`)
}
