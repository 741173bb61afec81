export interface JsonField {
  /** The keys from the outermost object to the value. */
  path: readonly string[]
  value: string
}

export interface JsonFields {
  fields: JsonField[]
  /** What Loki says of a line that is no object, or not all of one; the fields before that place count. */
  fault: string | undefined
}

class Malformed extends Error {}

const noObject = "Value looks like object, but can't find closing '}' symbol"
const mostDepth = 500

/**
 * The texts, numbers and booleans of a line that is a JSON object, as Loki's `| json` reads them: numbers as they are
 * written, arrays and nulls left out, and nothing looked at behind the object's end.
 */
export function jsonFields (line: string): JsonFields {
  const reader = new JsonReader(line)
  if (!/^\s*\{/.test(line)) return { fields: [], fault: noObject }
  try {
    reader.object([])
    return { fields: reader.fields, fault: undefined }
  } catch (error) {
    if (error instanceof Malformed) return { fields: reader.fields, fault: error.message }
    throw error
  }
}

const blank = /[\t\n\r ]*/y
const text = /"[^"\\]*(?:\\[^][^"\\]*)*"/y
const literal = /-?\d[\d.eE+-]*|true|false|null/y
const listPart = /[^"[\]]+|[[\]]/y

class JsonReader {
  readonly fields: JsonField[] = []
  readonly #line: string
  #place = 0

  constructor (line: string) {
    this.#line = line
  }

  object (path: readonly string[]): void {
    if (path.length > mostDepth) throw new Malformed('Malformed JSON error')
    this.#expect('{')
    if (this.#at('}')) return
    do {
      const key = unescaped(this.#take(text))
      this.#expect(':')
      this.#value([...path, key])
    } while (this.#at(','))
    this.#expect('}')
  }

  #value (path: readonly string[]): void {
    this.#skip(blank)
    const first = this.#line[this.#place]
    if (first === '{') return this.object(path)
    if (first === '[') return this.#list()
    const found = this.#take(first === '"' ? text : literal)
    if (found !== 'null') this.fields.push({ path, value: first === '"' ? unescaped(found) : found })
  }

  #list (): void {
    let depth = 0
    do {
      const part = this.#line[this.#place] === '"' ? this.#take(text) : this.#take(listPart)
      depth += part === '[' ? 1 : part === ']' ? -1 : 0
    } while (depth > 0)
  }

  #expect (mark: string): void {
    if (!this.#at(mark)) throw new Malformed('Malformed JSON error')
  }

  /** Goes past the mark where it comes next. */
  #at (mark: string): boolean {
    this.#skip(blank)
    if (this.#line[this.#place] !== mark) return false
    this.#place++
    this.#skip(blank)
    return true
  }

  #take (pattern: RegExp): string {
    const found = this.#skip(pattern)
    if (found === '') throw new Malformed('Malformed JSON error')
    return found
  }

  #skip (pattern: RegExp): string {
    pattern.lastIndex = this.#place
    const found = pattern.exec(this.#line)?.[0] ?? ''
    this.#place += found.length
    return found
  }
}

/** Loki takes control characters as they are, and makes nothing of an escape that is none. */
function unescaped (quoted: string): string {
  try {
    return (JSON.parse(quoted.replace(/[^\x20-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)) as string)
      .replaceAll('\ufffd', ' ')
  } catch {
    return ''
  }
}
