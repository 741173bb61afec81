export type Role = 'controller' | 'compute' | 'network' | 'storage'

/** One kind of line. `weight` is its share of its source's lines; `text` has the slots of `shape.ts`. */
export interface Line { weight: number, text: string, severity?: string }

/**
 * A program that logs. imfile reads the programs with a `file`: their severity is 5 whatever the line says, their
 * facility local0. The others reach rsyslog over syslog: with a PID in the tag, a severity of their own, and a leading
 * space.
 */
export interface Source {
  name: string
  roles: readonly Role[]
  weight: number
  facility: string
  tag: string
  file: string
  lines: readonly Line[]
}
