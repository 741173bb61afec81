import type { WebSocket } from 'ws'
import { Refusal } from '../push/refusal.ts'
import { runLogQuery } from '../query/log-query.ts'
import { parseQuery } from '../query/logql.ts'
import type { LogQuery } from '../query/logql-ast.ts'
import { rowLine, runStages, selects } from '../query/pipeline.ts'
import { parseBounds, parseLimit } from '../query/query-params.ts'
import { tailResponse, type TailedLine } from '../query/query-response.ts'
import type { QueryRequest } from '../query/query-api.ts'
import type { Store } from '../store/store.ts'

export interface TailRequest {
  tenant: string
  /** Undefined for a metric query, which cannot be tailed. */
  query: LogQuery | undefined
  /** In ns since 1970: from where old entries are sent first, the newest of them and no more than `limit`. */
  start: bigint
  limit: number
  delayMs: number
  categorize: boolean
}

const longestDelay = 5
const linesPerMessage = 100
/** A client that leaves more than this unread loses entries, and is told which. */
const mostUnreadBytes = 8 * 1_048_576
const mostDropped = 1000
const pingMs = 1000

/** Throws the Refusal of a request that gets no web socket. */
export function parseTail ({ tenant, params, categorize }: QueryRequest, nowMs: number): TailRequest {
  const query = parseQuery(params.get('query') ?? '')
  const limit = parseLimit(params)
  const { start } = parseBounds(params, nowMs)
  const delay = params.get('delay_for') || '0'
  if (!/^\d+$/.test(delay)) throw new Refusal(400, `strconv.Atoi: parsing "${delay}": invalid syntax`)
  if (Number(delay) > longestDelay) throw new Refusal(400, `delay_for can't be greater than ${longestDelay}`)
  return { tenant, query: query.kind === 'log' ? query : undefined, start, limit, delayMs: Number(delay) * 1000, categorize }
}

/** Sends what a query finds as it is stored, until the client closes. */
export function tail (store: Store, socket: WebSocket, { query, ...request }: TailRequest, nowMs: number): void {
  if (query === undefined) return socket.close(1011, 'only log selector is supported')
  socket.on('error', () => {})
  new Tail(store, socket, { query, ...request }).begin(nowMs)
}

class Tail {
  readonly #store: Store
  readonly #socket: WebSocket
  readonly #request: TailRequest & { query: LogQuery }
  /** The first row that was not looked at. */
  #next: number
  #waiting: TailedLine[] = []
  #dropped: Array<{ timestamp: string, labels: object }> = []
  #timer: NodeJS.Timeout | undefined

  constructor (store: Store, socket: WebSocket, request: TailRequest & { query: LogQuery }) {
    this.#store = store
    this.#socket = socket
    this.#request = request
    this.#next = store.table.next
  }

  begin (nowMs: number): void {
    const { tenant, query, start, limit, categorize } = this.#request
    const range = { start, end: BigInt(Math.round(nowMs * 1000)) * 1000n, limit, direction: 'backward' as const, interval: 0 }
    const old = runLogQuery(this.#store, tenant, query, range, categorize).streams
      .flatMap(({ labels, lines }) => lines.map((line) => ({ labels, ...line })))
    this.#send(inOrder(old))
    const unwatch = this.#store.watch(() => this.#take())
    const ping = setInterval(() => this.#socket.ping(), pingMs)
    this.#socket.once('close', () => {
      unwatch()
      clearInterval(ping)
      clearTimeout(this.#timer)
    })
  }

  /** Takes what was stored since. It is sent after the delay asked for, in which late entries find their place. */
  #take (): void {
    const { tenant, query } = this.#request
    this.#store.forEach((row) => {
      if (!selects(query.matchers, row.labels)) return
      const piped = runStages(query.stages, row, row.labels)
      if (piped === undefined) return
      const time = BigInt(row.seconds) * 1_000_000_000n + BigInt(row.nanos)
      this.#waiting.push({ labels: piped.stream, time, line: rowLine(row), metadata: piped.metadata, parsed: piped.parsed })
    }, tenant, this.#next)
    this.#next = this.#store.table.next
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#flush(), this.#request.delayMs)
  }

  #flush (): void {
    this.#timer = undefined
    const lines = inOrder(this.#waiting)
    this.#waiting = []
    this.#send(lines)
  }

  #send (lines: readonly TailedLine[]): void {
    for (let at = 0; at < lines.length; at += linesPerMessage) {
      const part = lines.slice(at, at + linesPerMessage)
      if (this.#socket.bufferedAmount > mostUnreadBytes) this.#drop(part)
      else {
        this.#socket.send(tailResponse(part, this.#dropped, this.#request.categorize))
        this.#dropped = []
      }
    }
  }

  #drop (lines: readonly TailedLine[]): void {
    for (const { time, labels } of lines.slice(0, mostDropped - this.#dropped.length)) {
      this.#dropped.push({ timestamp: String(time), labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])) })
    }
  }
}

function inOrder (lines: TailedLine[]): TailedLine[] {
  return lines.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
}
