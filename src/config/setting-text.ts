import type { Option } from './option.ts'
import { type OptionName, optionOf } from './options.ts'
import { InvalidValue } from './text.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type ReadFile = (path: string) => string

/** The text of a setting, how an error describes where it came from, and the file that it came from, if any. */
export interface SettingText { text: string, described: string, path?: string }

const SHOWN_LENGTH = 200

/** Undefined where the setting is not given: an empty value counts as that. Throws InvalidValue. */
export function textOf (name: OptionName, env: Environment, readFile: ReadFile): SettingText | undefined {
  const option = optionOf(name)
  const value = option.secret && !option.pem ? env[name] : env[name]?.trim()
  const file = option.secret ? env[`${name}_FILE`]?.trim() : undefined
  if (value && file) throw new InvalidValue(`${name} and ${name}_FILE are both set: set one of them`)
  if (file) {
    const described = `${name}_FILE is ${shown(file)}`
    const text = contentOf(file, described, readFile).replace(/[\r\n]+$/, '')
    if (text === '') throw new InvalidValue(`${described}: must not be an empty file`)
    return { text, described, path: file }
  }
  if (!value) return undefined
  if (!option.pem) return { text: value, described: `${name} is ${display(value, option)}` }
  if (value.includes('-----BEGIN')) return { text: value, described: `${name} is (hidden)` }
  const described = `${name} is ${shown(value)}`
  return { text: contentOf(value, described, readFile), described, path: value }
}

export function parse (given: SettingText | undefined, option: Option): unknown {
  if (given === undefined) return undefined
  const result = option.schema.safeParse(given.text)
  if (result.success) return result.data
  throw new InvalidValue(`${given.described}: ${result.error.issues[0]?.message ?? 'is not allowed'}`)
}

function contentOf (path: string, described: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (error) {
    throw new InvalidValue(`${described}: cannot be read (${reasonOf(error)})`)
  }
}

/** Node's message without the path, which the line has already. */
export function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+(?: '.*')?$/s, '') : String(error)
}

function display (value: string, option: Option): string {
  if (option.secret) return '(hidden)'
  // Hides all up to the last @. A URL that does not parse may have a password too.
  return shown(option.url ? value.replace(/^.*@/s, '(hidden)@') : value)
}

/** Quotes a value and escapes its control characters, so that it cannot forge a line of the log. */
function shown (value: string): string {
  return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}...` : value)
}
