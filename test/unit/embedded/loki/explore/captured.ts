import { existsSync, readFileSync } from 'node:fs'

export interface Ask {
  path: string
  params: Record<string, string>
  headers?: Record<string, string>
  status: number
  type: string
  body: unknown
  /** Loki estimates the numbers, so only the shape is the same. */
  estimated?: boolean
  /** Loki learns it some time after the push. */
  eventually?: boolean
  /** A real Loki's answer depends on how it is set up. */
  onlyHere?: boolean
}

type Entry = [ms: number, line: string, metadata?: Record<string, string>]

interface Capture {
  pushes: Array<{ stream: Record<string, string>, values: Entry[] }>
  similar: Array<{ stream: Record<string, string>, lines: Array<{ times: number, line: string, level: string }> }>
  asks: Ask[]
}

function projectFolder (): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return folder
}

const { pushes, similar, asks } = JSON.parse(
  readFileSync(new URL('test/fixtures/loki/explore.json', projectFolder()), 'utf8')) as Capture

export const captured = asks

const lines = similar.map(({ stream, lines }) => ({
  stream,
  values: lines.flatMap(({ times, line, level }) => Array.from({ length: times }, (_, i) => [line.replaceAll('#', String(i)), level]))
    .map(([line, level], i) => [i * 100, line, { detected_level: level }])
}))

/** Stands for a cloud and a time in what was captured. */
export class Setting {
  readonly #cloud: string
  readonly #base: number

  constructor (cloud: string, baseSeconds: number) {
    this.#cloud = cloud
    this.#base = baseSeconds
  }

  /** The push of all entries. */
  push (): string {
    const streams = [...pushes, ...lines].map(({ stream, values }) => ({
      stream, values: values.map(([ms, ...rest]) => [String(BigInt(this.#base * 1000 + Number(ms)) * 1_000_000n), ...rest])
    }))
    return JSON.stringify({ streams }).replaceAll('CLOUD', this.#cloud)
  }

  params (ask: Ask): Record<string, string> {
    return Object.fromEntries(Object.entries(ask.params).map(([name, value]) =>
      [name, value.startsWith('@') ? String(this.#base + Number(value.slice(1))) : value.replaceAll('CLOUD', this.#cloud)]))
  }

  /** An answer as it was captured: without its times and its costs, and in one order where Loki keeps none. */
  settled (text: string, type: string | null): unknown {
    const named = text.replaceAll(this.#cloud, 'CLOUD')
    return type?.startsWith('application/json') === true ? this.#settle(JSON.parse(named)) : named
  }

  #settle (value: unknown): unknown {
    if (Array.isArray(value)) return value.map(item => this.#settle(item))
    if (typeof value === 'string' && /^\d{19}$/.test(value)) return `@${Number(BigInt(value) / 1_000_000n - BigInt(this.#base) * 1000n) / 1000}`
    if (typeof value === 'number' && Math.abs(value - this.#base) < 86_400) return `@${Math.round((value - this.#base) * 1000) / 1000}`
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) =>
      [name, name === 'stats' && Object.hasOwn(inner as object, 'summary') ? {} : this.#settle(inner)]))
  }
}

const unordered = ['fields', 'values', 'detectedLabels', 'result', 'parsers']

export function inOneOrder (value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map(item => inOneOrder(item))
    return unordered.includes(name) ? items.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1) : items
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, inOneOrder(inner, key)]))
}

/** Puts the kind of a number in place of each. */
export function shapeOf (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value === 'number') return 'number'
  if (typeof value === 'string') return /^\d+$/.test(value) ? 'digits' : value
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}
