import type { z } from 'zod'

export const GROUPS = ['AMQP bus', 'Listeners', 'Datagrams', 'Loki', 'Pipeline', 'Records', 'Operations'] as const
export type Group = typeof GROUPS[number]

export interface Option<T = unknown> {
  group: Group
  /** Parses the text of the environment. Its errors complete the sentence `NAME is "value": ...`. */
  schema: z.ZodType<T, string>
  /** Describes the setting in `--help` and the pages. */
  text: string
  /** Written and parsed as any other value. Undefined where the setting has no default. */
  default?: string
  /** Printed in place of a default that depends on the machine. */
  computed?: string
  /** The value is never printed. `NAME_FILE` may name a file with the value. */
  secret?: true
  /** The value is the path of a PEM file, or PEM text. The schema gets the PEM text. */
  pem?: true
  /** The value is a list of URLs, which may have a password. */
  url?: true
}
