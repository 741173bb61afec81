/**
 * Reads Loki's stream selectors as they stand in a push (`{name="value", ...}`). It is strict: it follows LogQL's lexer
 * and Go's string syntax (The Go Programming Language Specification, "String literals"). Throws at anything that Go
 * would refuse.
 */
export function parseSelector (text: string): Record<string, string> {
  const reader = new SelectorReader(text)
  const labels: Record<string, string> = Object.create(null) as Record<string, string>
  reader.expect('{')
  while (!reader.accept('}')) {
    if (Object.keys(labels).length > 0) reader.expect(',')
    const name = reader.name()
    if (name in labels) throw new Error(`label ${name} twice`)
    reader.expect('=')
    labels[name] = reader.string()
  }
  reader.end()
  return { ...labels }
}

const SIMPLE: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 0x5c, '"': 0x22 }

class SelectorReader {
  readonly #text: string
  #at = 0

  constructor (text: string) {
    this.#text = text
  }

  accept (token: string): boolean {
    this.#space()
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  expect (token: string): void {
    if (!this.accept(token)) throw this.#error(`${token} expected`)
  }

  end (): void {
    this.#space()
    if (this.#at !== this.#text.length) throw this.#error('text behind the selector')
  }

  name (): string {
    this.#space()
    return this.#match(/[A-Za-z_][A-Za-z0-9_]*/y)
  }

  string (): string {
    this.expect('"')
    const bytes: Buffer[] = []
    for (;;) {
      const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? this.#fail('string not closed'))
      this.#at += character.length
      if (character === '"') break
      if (character === '\\') bytes.push(this.#escape())
      // Go's scanner refuses a raw newline in quotes, and a NUL, a byte order mark or half a surrogate pair anywhere.
      else if (/[\n\0\ufeff\ud800-\udfff]/u.test(character)) throw this.#error('character that may not stand in quotes')
      else bytes.push(Buffer.from(character))
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes))
  }

  #escape (): Buffer {
    const letter = this.#match(/[abfnrtv\\"xuU0-7]/y)
    if (letter in SIMPLE) return Buffer.from([SIMPLE[letter]])
    if (letter === 'x') return Buffer.from([parseInt(this.#match(/[0-9a-fA-F]{2}/y), 16)])
    if (letter === 'u') return this.#rune(this.#match(/[0-9a-fA-F]{4}/y))
    if (letter === 'U') return this.#rune(this.#match(/[0-9a-fA-F]{8}/y))
    const octal = parseInt(letter + this.#match(/[0-7]{2}/y), 8)
    if (octal > 255) throw this.#error('octal escape above 255')
    return Buffer.from([octal])
  }

  #rune (hex: string): Buffer {
    const code = parseInt(hex, 16)
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.#error('escape that is no code point')
    return Buffer.from(String.fromCodePoint(code))
  }

  #space (): void {
    this.#match(/[ \t\n\r]*/y)
  }

  #match (pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) throw this.#error(`${pattern.source} expected`)
    this.#at += match[0].length
    return match[0]
  }

  #fail (what: string): never {
    throw this.#error(what)
  }

  #error (what: string): Error {
    return new Error(`${what} at ${this.#at} of ${JSON.stringify(this.#text.slice(0, 200))}`)
  }
}
