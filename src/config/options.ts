import type { z } from 'zod'
import { INPUT_OPTIONS } from './input-options.ts'
import { LOKI_OPTIONS } from './loki-options.ts'
import { OPERATION_OPTIONS } from './operation-options.ts'
import type { Option } from './option.ts'
import { PIPELINE_OPTIONS } from './pipeline-options.ts'
import { RECORD_OPTIONS } from './record-options.ts'

/**
 * All settings, by their names in the environment. `--help`, the table of `deploy/README.md` and the type `Config` are
 * made of this table.
 */
export const OPTIONS = {
  ...INPUT_OPTIONS,
  ...LOKI_OPTIONS,
  ...PIPELINE_OPTIONS,
  ...RECORD_OPTIONS,
  ...OPERATION_OPTIONS
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof OPTIONS

type Parsed<N extends OptionName> = z.output<(typeof OPTIONS)[N]['schema']>

/** The parsed value of each setting. Only a setting without a default can be undefined. */
export type Values = {
  [N in OptionName]: (typeof OPTIONS)[N] extends { default: string } ? Parsed<N> : Parsed<N> | undefined
}

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

/** A row of the table with the general type of a row. */
export function optionOf (name: OptionName): Option {
  return OPTIONS[name]
}
