import { inspect } from 'node:util'

/**
 * A value that must not get into a log, an error message or a metric. As text, it is always `[secret]`. Only `reveal`
 * returns the value: a search for that word finds every place that uses a secret.
 */
export class Secret {
  readonly #value: string

  constructor (value: string) {
    this.#value = value
    Object.freeze(this)
  }

  reveal (): string {
    return this.#value
  }

  toString (): string {
    return '[secret]'
  }

  toJSON (): string {
    return '[secret]'
  }

  [inspect.custom] (): string {
    return '[secret]'
  }
}

/**
 * Hides the user name and the password of every URL in `text`: all between `://` and the last `@` of the same word. The
 * last `@` counts, because a password that is not percent-encoded may have `/`, `:`, `,` or `@` in it. To hide too much
 * of a URL is the smaller mistake.
 */
export function redactUrl (text: string): string {
  if (!text.includes('@') || !text.includes('://')) return text
  return text.replace(/:\/\/\S*@/g, '://[secret]@')
}
