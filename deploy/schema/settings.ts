import { z } from 'zod'
import { OPTION_NAMES, optionOf, type OptionName } from '../../src/config/options.ts'

export const SETTINGS_SCHEMA = 'deploy/schema/settings.schema.json'
/** The newest that Helm and most editors read. */
export const DRAFT = 'http://json-schema.org/draft-07/schema#'

export type Schema = Record<string, unknown>

/** The settings as an object of texts, by their names in the environment. It refuses nothing that the program takes. */
export function settingsSchema (): Schema {
  return {
    $schema: DRAFT,
    title: 'Settings of Lokean',
    description: 'Environment variables, or lines of the file that --env-file names.',
    type: 'object',
    properties: Object.fromEntries(OPTION_NAMES.flatMap(propertiesOf)),
    additionalProperties: false
  }
}

/** The setting, and the file that may have its value. */
export function propertiesOf (name: OptionName): Array<[name: string, schema: Schema]> {
  const { schema, text, default: fallback, computed, secret } = optionOf(name)
  const { $schema, ...form } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' })
  const value: Schema = {
    description: text.replaceAll('`', ''),
    ...form,
    ...fallback === undefined || computed !== undefined ? {} : { default: fallback },
    ...secret === true ? { writeOnly: true } : {}
  }
  const file: Schema = { description: `The file that has ${name}.`, type: 'string' }
  return secret === true ? [[name, value], [fileOf(name), file]] : [[name, value]]
}

export function fileOf (name: OptionName): string {
  return `${name}_FILE`
}
