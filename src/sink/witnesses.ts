import type { Part, Shape } from '../worker/messages/tasks.ts'
import type { Answer } from './classify.ts'

interface Options {
  /** The shapes of a part's entries, each with a push of one entry that nothing is wrong with. On a worker thread. */
  shapesOf: (part: Part) => Promise<Shape[]>
  push: (endpoint: number, tenant: string, body: Uint8Array) => Promise<Answer>
  /** A clock in ms that never goes back. */
  now: () => number
}

/** `taken`: entries of such a shape are stored, so a record is at fault. `refused`: none is, so a condition is. */
export type Verdict = 'taken' | 'refused' | Answer & { kind: 'retry' }

/** A verdict holds for so long: a condition may begin or end at any time. */
const FRESH_MS = 5_000
const MOST_VERDICTS = 1_000

/**
 * Asks Loki whether the records of a rejected part are at fault, or a condition that all like them share (a label that
 * is missing, metadata that the tenant does not take, a proxy that takes nothing). A witness is an entry with the same
 * tenant, endpoint, label names and names of metadata as the entries of the part, and harmless otherwise. Where Loki
 * stores it, such entries go through, and a record of the part is at fault.
 */
export class Witnesses {
  readonly #options: Options
  readonly #verdicts = new Map<string, { at: number, verdict: Promise<Verdict> }>()

  constructor (options: Options) {
    this.#options = options
  }

  /** Rejects only where the worker threads fail. `taken` where at least one shape of the part is. */
  async hear (part: Part, endpoint: number): Promise<Verdict> {
    let verdict: Verdict = 'refused'
    for (const shape of await this.#options.shapesOf(part)) {
      verdict = await this.#ask(part.tenant, endpoint, shape)
      if (verdict !== 'refused') break
    }
    return verdict
  }

  /** Those who ask at the same time share one push. */
  async #ask (tenant: string, endpoint: number, { key, body }: Shape): Promise<Verdict> {
    const about = `${endpoint} ${tenant} ${key}`
    const at = this.#options.now()
    const known = this.#verdicts.get(about)
    if (known !== undefined && at - known.at < FRESH_MS) return await known.verdict
    if (this.#verdicts.size >= MOST_VERDICTS) this.#verdicts.clear()
    const verdict = this.#options.push(endpoint, tenant, body).then(verdictOf)
    this.#verdicts.set(about, { at, verdict })
    const found = await verdict
    if (typeof found === 'object') this.#verdicts.delete(about)
    return found
  }
}

/** A witness is a new stream: where the tenant may have no more, whoever checks entries has let it through. */
const STREAM_LIMIT = /active stream limit exceeded/i

function verdictOf (answer: Answer): Verdict {
  if (answer.kind === 'stored') return 'taken'
  if (answer.kind === 'retry' && answer.reason === '429' && STREAM_LIMIT.test(answer.message)) return 'taken'
  return answer.kind === 'rejected' ? 'refused' : answer
}
