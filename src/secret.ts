import { inspect } from 'node:util'

/**
 * A value that must not reach a log, an error message or a metric. It prints as `[secret]` wherever it is turned into
 * text, and only `reveal` gives it away, so a search for that word finds every place where a secret is used.
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
 * Hides what stands between `://` and the last `@` of the same word: user name and password of every URL in `text`.
 * The last one, because a password that was not percent-encoded may itself hold `/`, `:`, `,` or `@`; hiding too much of
 * a URL is the cheaper mistake.
 */
export function redactUrl (text: string): string {
  if (!text.includes('@') || !text.includes('://')) return text
  return text.replace(/:\/\/\S*@/g, '://[secret]@')
}
