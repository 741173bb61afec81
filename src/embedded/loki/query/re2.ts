/** The fault that Go's regexp finds in an expression. */
export class Re2Fault extends Error {
  constructor (reason: string, part: string) {
    super(`error parsing regexp: ${reason}: \`${part}\``)
  }
}

const plain = /[^\\[\](){}.^$|*+?/]+/uy
const quoted = /\\Q([^]*?)(?:\\E|$)/uy
const repeat = /(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/uy
const group = /\((?:\?(?:P?<[\p{L}\p{N}_]+>|([imsU]*(?:-[imsU]+)?)([:)])))?/uy
const perlGroup = /\(\?(?:P?<[^>]*>?|[^])?/uy
const classStart = /\[\^?\]?/uy
const posixClass = /\[:(\^?)(\w+):\]/uy
const escape = /\\(?:([pP])(?:\{(\^?)(\w+)\}|([A-Z]))|x(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{2}))|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([^]?))/uy

const posixClasses = new Map([
  ['alnum', '0-9A-Za-z'], ['alpha', 'A-Za-z'], ['ascii', '\\0-\\x7f'], ['blank', '\\t '], ['cntrl', '\\0-\\x1f\\x7f'], ['digit', '0-9'],
  ['graph', '!-~'], ['lower', 'a-z'], ['print', ' -~'], ['punct', '!-\\/:-@\\[-`\\{-~'], ['space', '\\t-\\r '], ['upper', 'A-Z'],
  ['word', '\\w'], ['xdigit', '\\da-fA-F']
])
const categories = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/
const mostRepeats = 1000

/**
 * Translates an expression of RE2, as Go's regexp takes it, to JavaScript's with the flag `u`. Throws a Re2Fault for an
 * expression that RE2 refuses, and a SyntaxError for one that JavaScript cannot express. Groups do not capture, because
 * nobody needs their text.
 */
export class Re2Translation {
  source = ''
  /** The flags that are on, also those from the head of the expression, as `(?i)`. */
  readonly flags: Set<string>
  readonly #pattern: string
  #pos = 0
  #depth = 0
  /** Whether a quantifier may come here. Where a quantifier ends here, the offset at which it begins. */
  #repeatable: boolean | number = false

  constructor (pattern: string, flags: string) {
    this.#pattern = pattern
    this.flags = new Set(flags)
    while (this.#pos < pattern.length) this.#element()
    if (this.#depth > 0) throw new Re2Fault('missing closing )', pattern)
  }

  #take (expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#pos
    const found = expression.exec(this.#pattern)
    if (found === null) return undefined
    this.#pos += found[0].length
    return found
  }

  #element (): void {
    const at = this.#pos
    const found = this.#take(repeat)
    if (found !== undefined) return this.#repeat(at, found)
    this.#repeatable = true
    const text = this.#take(plain)?.[0] ?? this.#take(quoted)?.[1]!.replace(/[^]/gu, hex)
    if (text !== undefined) this.source += text
    else if (this.#pattern[at] === '(') this.#open(at)
    else if (this.#pattern[at] === '[') this.#class(at)
    else if (this.#pattern[at] === '\\') this.source += this.#escape(false)
    else this.#symbol()
  }

  #symbol (): void {
    const char = this.#pattern[this.#pos++]!
    if (char === ')' && --this.#depth < 0) throw new Re2Fault('unexpected )', this.#pattern)
    if (char === '|') this.#repeatable = false
    if (char === '.') this.source += this.flags.has('s') ? '[^]' : '[^\\n]'
    else if (char === '^' && this.flags.has('m')) this.source += '(?<![^\\n])'
    else if (char === '$' && this.flags.has('m')) this.source += '(?![^\\n])'
    else this.source += ')|^$'.includes(char) ? char : hex(char)
  }

  #repeat (at: number, [text, least, most]: RegExpExecArray): void {
    const counts = [least, most].filter(Boolean).map(Number)
    if (typeof this.#repeatable === 'number') {
      throw new Re2Fault('invalid nested repetition operator', this.#pattern.slice(this.#repeatable, this.#pos))
    }
    if (!this.#repeatable) throw new Re2Fault('missing argument to repetition operator', text)
    if (counts.some((count) => count > mostRepeats || count < counts[0]!)) {
      throw new Re2Fault('invalid repeat count', text.replace(/\?$/, ''))
    }
    this.#repeatable = at
    const lazy = text.length > 1 && text.endsWith('?')
    this.source += (lazy ? text.slice(0, -1) : text) + (lazy === this.flags.has('U') ? '' : '?')
  }

  #open (at: number): void {
    const [text, flags, end] = this.#take(group)!
    if (text === '(' && this.#pattern[this.#pos] === '?') {
      this.#pos = at
      const [fault] = this.#take(perlGroup)!
      throw new Re2Fault(/^\(\?P?<(?![=!])/.test(fault) ? 'invalid named capture' : 'invalid or unsupported Perl syntax', fault)
    }
    this.#repeatable = false
    if (flags) {
      if (this.source !== '' || end === ':') throw new SyntaxError('JavaScript has flags for a whole expression only')
      const [on, off = ''] = flags.split('-')
      for (const flag of on!) this.flags.add(flag)
      for (const flag of off) this.flags.delete(flag)
    }
    if (end === ')') return
    this.#depth++
    this.source += '(?:'
  }

  #class (at: number): void {
    let source = this.#take(classStart)![0].replace(']', '\\]')
    while (this.#pattern[this.#pos] !== ']') {
      if (this.#pos >= this.#pattern.length) throw new Re2Fault('missing closing ]', this.#pattern.slice(at))
      const posix = this.#take(posixClass)
      if (posix !== undefined) source += posixSource(posix)
      else if (this.#pattern[this.#pos] === '\\') source += this.#escape(true)
      else source += this.#pattern[this.#pos++]!.replace(/[[{}()|/^$.*+?]/, hex)
    }
    this.#pos++
    this.source += source + ']'
  }

  #escape (inClass: boolean): string {
    const [text, property, not, script, category, hex4, hex2, octal, char] = this.#take(escape)!
    if (property !== undefined) return propertySource(text, (property === 'P') !== (not === '^'), script ?? category!)
    const code = hex4 ?? hex2 ?? (octal === undefined ? undefined : parseInt(octal, 8).toString(16))
    if (code !== undefined && parseInt(code, 16) <= 0x10ffff) return `\\u{${code}}`
    if (char === undefined || /^[a-zA-Z0-9\u0080-\u{10ffff}]$/u.test(char)) return letterSource(text, char ?? '', inClass)
    if (char === '') throw new Re2Fault('trailing backslash at end of expression', '')
    return hex(char)
  }
}

const hex = (char: string): string => `\\u{${char.codePointAt(0)!.toString(16)}}`

function posixSource ([text, not, name]: RegExpExecArray): string {
  const source = posixClasses.get(name!)
  if (source === undefined) throw new Re2Fault('invalid character class range', text)
  if (not !== '') throw new SyntaxError('JavaScript has no class without another')
  return source
}

const blank = '\\t\\n\\f\\r '
/**
 * The meaning of letters behind a backslash, outside and inside of a class: of those that JavaScript reads in another
 * way, or not at all.
 */
const letters = new Map<string, [outside: string | undefined, inside: string | undefined]>([
  ['a', ['\\x07', '\\x07']],
  ['s', [`[${blank}]`, blank]],
  ['S', [`[^${blank}]`, '\\S']],
  ['A', ['(?<![^])', undefined]],
  ['z', ['(?![^])', undefined]],
  ['b', ['\\b', undefined]],
  ['B', ['\\B', undefined]]
])

function letterSource (text: string, letter: string, inClass: boolean): string {
  if (/[dDwWfnrtv]/.test(letter)) return text
  const source = letters.get(letter)?.[inClass ? 1 : 0]
  if (source === undefined) throw new Re2Fault('invalid escape sequence', text)
  return source
}

/** `\pN`, `\p{Greek}`: a category or a script. */
function propertySource (text: string, negated: boolean, name: string): string {
  const source = `\\${negated ? 'P' : 'p'}{${categories.test(name) ? name : `Script=${name}`}}`
  try {
    return new RegExp(source, 'u').source
  } catch {
    throw new Re2Fault('invalid character class range', text)
  }
}
