export interface Problem {
  /** As in the log, ISO 8601. */
  time: string
  level: string
  text: string
  /** What of the line's other fields tells most, as text. */
  detail: string
  /** How often in a row. */
  count: number
}

const CAPACITY = 20
const MAX_TEXT = 400
/** In this order; the first that is there counts. */
const DETAIL_KEYS = ['message', 'detail', 'reason', 'mend']

/** The last warnings and errors of the log, in the form in which the log has them: bounded, and free of secrets as every line is. */
export class Problems {
  readonly #problems: Problem[] = []

  /** Newest first. */
  get latest (): readonly Problem[] {
    return this.#problems
  }

  /** Takes a line of the log: one JSON object. The same again in a row is counted, not kept twice. */
  add (line: string): void {
    const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
    const detail = detailOf(err, rest)
    // An error that is logged alone has its message in both places.
    const problem = { time: text(time), level: text(level), text: text(msg), detail: detail === text(msg) ? '' : detail, count: 1 }
    const last = this.#problems[0]
    if (last?.level === problem.level && last.text === problem.text && last.detail === problem.detail) {
      last.count++
      last.time = problem.time
      return
    }
    this.#problems.unshift(problem)
    this.#problems.length = Math.min(this.#problems.length, CAPACITY)
  }
}

function detailOf (err: unknown, rest: Record<string, unknown>): string {
  const { message, code } = (typeof err === 'object' && err !== null ? err : {}) as Record<string, unknown>
  const found = [message, code, ...DETAIL_KEYS.map(key => rest[key])].find(value => typeof value === 'string' && value !== '')
  return text(found)
}

function text (value: unknown): string {
  const whole = typeof value === 'string' ? value : ''
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT)}...` : whole
}
