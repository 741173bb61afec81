export type Role = 'controller' | 'compute' | 'network' | 'storage'

/** One kind of line: how often it comes among its source's lines, and its text with the slots of `shape.ts`. */
export interface Line { weight: number, text: string, severity?: string }

/**
 * A program that logs. Those with a file are read with imfile: severity 5 whatever the line says, facility local0.
 * The others reach rsyslog over syslog: a tag with a PID, a severity of their own, a leading space.
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
