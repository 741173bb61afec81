import { Session } from 'node:inspector'
import type { Profiler } from 'node:inspector'

/** Coverage of the program's code, and of the targets that the tests use. */
const OWN = /\/build\/(?:src|test\/tooling\/fuzz)\//

/** By script: 1 for each byte of code that ran. */
export type Ran = Map<string, Uint8Array>

/**
 * Knows which code has run in this thread, by byte of its source, from V8's counts (the inspector's Profiler domain).
 * V8 reports nested ranges and joins neighbours with equal counts. So a range has no lasting identity, and bytes are
 * compared instead.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #code = new Map<string, Uint8Array>()
  readonly #said = new Set<string>()
  #size = 0

  constructor () {
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** The number of noted bytes of code and noted answers. */
  get size (): number {
    return this.#size + this.#said.size
  }

  /** Returns the code that has run since the last call. */
  take (): Ran {
    const ran: Ran = new Map()
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType
    for (const { url, functions } of result) {
      if (!OWN.test(url)) continue
      const code = new Uint8Array(Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset))))
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) code.fill(Math.min(1, count), startOffset, endOffset)
      }
      ran.set(url, code)
    }
    return ran
  }

  isFresh (ran: Ran): boolean {
    return [...ran].some(([url, code]) => {
      const before = this.#code.get(url)
      return code.some((one, at) => one > (before?.[at] ?? 0))
    })
  }

  note (ran: Ran): void {
    for (const [url, code] of ran) {
      const before = this.#code.get(url) ?? new Uint8Array()
      const all = code.length > before.length ? code.slice() : before
      for (let at = 0; at < code.length; at++) {
        if (code[at] > (before[at] ?? 0)) this.#size++
        all[at] |= code[at] | (before[at] ?? 0)
      }
      this.#code.set(url, all)
    }
  }

  /** Notes these answers. Returns whether any of them is new. */
  noteSaid (all: Iterable<string>): boolean {
    const before = this.#said.size
    for (const one of all) this.#said.add(one)
    return this.#said.size > before
  }

  close (): void {
    this.#session.disconnect()
  }

  /** The inspector of the own thread answers before `post` returns. */
  #post (method: string, params: object = {}): unknown {
    let answer: unknown
    let failure: Error | undefined
    this.#session.post(method, params, (error: Error | null, result: unknown) => {
      failure = error ?? undefined
      answer = result
    })
    if (failure !== undefined) throw new Error(`the inspector refused ${method}`, { cause: failure })
    return answer
  }
}
