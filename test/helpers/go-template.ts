import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

type Node =
  | { kind: 'text', text: string }
  | { kind: 'action', pipeline: string }
  | { kind: 'if' | 'with' | 'range', pipeline: string, body: Node[], otherwise: Node[] }

interface Scope { root: unknown, dot: unknown, variables: Readonly<Record<string, unknown>> }

const KINDS: Readonly<Record<string, string>> = { number: 'float64', string: 'string', boolean: 'bool' }

/**
 * Renders what Helm's charts are written in, as far as this chart uses it: `if`, `with`, `range`, `define`, `include`,
 * and the functions below. Any other word is an error. Helm itself is what `test/interop` renders with, where it is.
 */
export class GoTemplates {
  readonly #defined = new Map<string, Node[]>()
  readonly #functions: Readonly<Record<string, (...args: any[]) => unknown>> = {
    include: (name: string, dot: unknown) => this.#render(this.#defined.get(name) ?? fail(`no template ${name}`), rootScope(dot)),
    nindent: (spaces: number, text: string) => `\n${text}`.replaceAll('\n', `\n${' '.repeat(spaces)}`),
    toYaml: (value: unknown) => stringify(value, { sortMapEntries: true, lineWidth: 0 }).trimEnd(),
    quote: (value: unknown) => JSON.stringify(String(value)),
    default: (fallback: unknown, value: unknown) => isTrue(value) ? value : fallback,
    sha256sum: (text: string) => createHash('sha256').update(text).digest('hex'),
    kindIs: (kind: string, value: unknown) => KINDS[typeof value] === kind,
    int64: (value: number) => Math.trunc(value),
    eq: (a: unknown, b: unknown) => a === b,
    ne: (a: unknown, b: unknown) => a !== b
  }

  /** Renders a file. What it defines is there for all that come after it. */
  render (source: string, root: unknown): string {
    const tokens = tokensOf(source)
    return this.#render(this.#parse(tokens), rootScope(root))
  }

  #parse (tokens: string[]): Node[] {
    const nodes: Node[] = []
    for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
      if (!token.startsWith('{{')) {
        nodes.push({ kind: 'text', text: token })
        continue
      }
      const [, word = '', rest = ''] = /^\{\{(if|with|range|define|else|end)\b ?(.*)$/s.exec(token) ?? []
      if (word === 'end' || word === 'else') {
        tokens.unshift(token)
        return nodes
      }
      if (word === '') nodes.push({ kind: 'action', pipeline: token.slice(2) })
      else if (word === 'define') this.#defined.set(String(JSON.parse(rest)), this.#block(tokens).body)
      else nodes.push({ kind: word as 'if', pipeline: rest, ...this.#block(tokens) })
    }
    return nodes
  }

  #block (tokens: string[]): { body: Node[], otherwise: Node[] } {
    const body = this.#parse(tokens)
    const otherwise = tokens[0] === '{{else' ? (tokens.shift(), this.#parse(tokens)) : []
    if (tokens.shift() !== '{{end') fail('a block has no end')
    return { body, otherwise }
  }

  #render (nodes: readonly Node[], scope: Scope): string {
    return nodes.map(node => this.#renderOne(node, scope)).join('')
  }

  #renderOne (node: Node, scope: Scope): string {
    if (node.kind === 'text') return node.text
    if (node.kind === 'action') return String(this.#pipeline(node.pipeline, scope))
    const [, key, name, over] = /^(\$\w+), (\$\w+) := (.*)$/.exec(node.pipeline) ?? [undefined, '', '', node.pipeline]
    const value = this.#pipeline(over, scope)
    if (!isTrue(value)) return this.#render(node.otherwise, scope)
    if (node.kind === 'if') return this.#render(node.body, scope)
    if (node.kind === 'with') return this.#render(node.body, { ...scope, dot: value })
    const entries = Object.entries(value as object).sort(([a], [b]) => Array.isArray(value) ? 0 : a < b ? -1 : 1)
    return entries.map(([index, dot]) =>
      this.#render(node.body, { ...scope, dot, variables: { ...scope.variables, [key]: index, [name]: dot } })).join('')
  }

  /** Each command gets the value of the one before it as its last argument. */
  #pipeline (text: string, scope: Scope): unknown {
    return text.split(' | ').reduce<unknown[]>((before, command) => {
      const [first, ...rest] = command.match(/"(?:\\.|[^"\\])*"|[^\s"]+/g) ?? fail(text)
      const args = [...rest.map(word => this.#value(word, scope)), ...before]
      const called = this.#functions[first]
      if (called === undefined && args.length > 0) fail(`no function ${first}`)
      return [called === undefined ? this.#value(first, scope) : called(...args)]
    }, [])[0]
  }

  #value (word: string, { root, dot, variables }: Scope): unknown {
    if (/^["\d]/.test(word)) return JSON.parse(word)
    const [, variable, path] = /^(\$\w*)?((?:\.\w*)*)$/.exec(word) ?? fail(`no value ${word}`)
    const from = variable === undefined ? dot : variable === '$' ? root : variables[variable]
    return path.split('.').filter(name => name !== '').reduce<any>((value, name) => value[name] ?? '', from)
  }
}

function rootScope (root: unknown): Scope {
  return { root, dot: root, variables: {} }
}

/** Cuts a template into its texts and, each behind `{{`, its actions. A dash takes the white space beside it. */
function tokensOf (source: string): string[] {
  const trimmed = source.replace(/\s*\{\{- /g, '{{ ').replace(/ -\}\}\s*/g, ' }}')
  return trimmed.split(/(\{\{ .*? \}\})/).map(token => token.startsWith('{{ ') ? `{{${token.slice(3, -3)}` : token).filter(token => token !== '')
}

function isTrue (value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)
}

function fail (message: string): never {
  throw new Error(message)
}
