export interface Problem {
  /** The time in the log: ISO 8601. */
  time: string
  level: string
  text: string
  /** The text of the line's most useful other field. */
  detail: string
  /** How many times in a row. */
  count: number
}

const CAPACITY = 20
const MAX_TEXT = 400
/** The first of these fields that the line has is its detail. */
const DETAIL_KEYS = ['message', 'detail', 'reason', 'mend']

/**
 * The last warnings and errors of the log. Their number and size are bounded. Like every line, they have no secrets.
 */
export class Problems {
  readonly #problems: Problem[] = []

  /** Newest first. */
  get latest (): readonly Problem[] {
    return this.#problems
  }

  /**
   * Takes a line of the log: one JSON object. The same problem again, with no other between, only adds to the count.
   */
  add (line: string): void {
    const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
    const detail = detailOf(err, rest)
    // A line that is only an error has the error's message as its text too.
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
