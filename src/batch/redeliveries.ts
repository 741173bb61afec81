import type { Connection, Span } from '../source/source.ts'
import type { Batch, Opened } from './batch.ts'
import { LostMessages } from '../source/delivery/lost-messages.ts'

/** The most messages of all addresses that are remembered: as lost, and as settled. */
const MOST = 65_536
/**
 * What was settled within the last so many ms may be unsettled for the sender, because the disposition was lost with
 * the connection. A bus that is silent is given up sooner than that.
 */
const SETTLED_MS = 30_000

interface HandedOver { spans: readonly Span[], fingerprints: readonly number[] }

/** Fingerprints in two generations. `latest` has those since `since`, and `before` those of the generation before. */
interface Settled { before: number[], latest: number[], since: number }

/**
 * Recognises the messages of one address that are stored, and that their sender sends again all the same, because their
 * connection was lost before they were settled. A resend over AMQP is a new message, and nothing marks it. A message
 * whose connection was lost before a worker had it is not remembered, because it is not stored (Batcher).
 *
 *     handed over --settled--> settled lately --(time)--> forgotten
 *          |                         |
 *          `---(connection lost)-----+--> lost --(a message like it is handed over, which is marked)--> forgotten
 */
export class Redeliveries {
  readonly #most: number
  readonly #now: () => number
  readonly #lost: LostMessages
  readonly #unsettled = new Map<Opened, HandedOver>()
  readonly #settled = new Map<Connection, Settled>()

  /** `addresses`: how many share what is remembered. `now`: a clock in ms that never goes back. */
  constructor (addresses: number, now: () => number = () => performance.now()) {
    this.#most = Math.ceil(MOST / addresses)
    this.#now = now
    this.#lost = new LostMessages(this.#most, now)
  }

  /** The batch goes to a worker. Marks those of its messages that were lost before. */
  handOver (batch: Batch): void {
    const { opened, spans, fingerprints } = batch
    const again = this.#lost.recognise(fingerprints)
    if (again.length > 0) batch.redelivered = [...new Set([...batch.redelivered, ...again])]
    this.#unsettled.set(opened, { spans, fingerprints })
  }

  /** The batch is settled over those of its connections that are not gone. */
  settle (opened: Opened): void {
    const handedOver = this.#unsettled.get(opened)
    if (handedOver === undefined) return
    this.#unsettled.delete(opened)
    eachSpan(handedOver, (connection, fingerprints) => {
      if (connection.gone) return
      const { latest } = this.#settledOver(connection)
      for (const fingerprint of fingerprints) latest.push(fingerprint)
    })
  }

  /** Must be called when the connection is gone. */
  lose (connection: Connection): void {
    const { before, latest } = this.#settledOver(connection)
    this.#settled.delete(connection)
    this.#lost.add(before.concat(latest))
    for (const handedOver of this.#unsettled.values()) {
      eachSpan(handedOver, (other, fingerprints) => { if (other === connection) this.#lost.add(fingerprints) })
    }
  }

  /** What was settled lately. Forgets what is older, and what is too much. */
  #settledOver (connection: Connection): Settled {
    const now = this.#now()
    let settled = this.#settled.get(connection)
    if (settled === undefined) this.#settled.set(connection, settled = { before: [], latest: [], since: now })
    const age = now - settled.since
    if (age > SETTLED_MS || settled.latest.length >= this.#most) {
      settled.before = age > 2 * SETTLED_MS ? [] : settled.latest
      settled.latest = []
      settled.since = now
    }
    return settled
  }
}

function eachSpan ({ spans, fingerprints }: HandedOver, see: (connection: Connection, fingerprints: readonly number[]) => void): void {
  let from = 0
  for (const { connection, first, last } of spans) {
    const to = from + ((last - first) >>> 0) + 1
    see(connection, spans.length === 1 ? fingerprints : fingerprints.slice(from, to))
    from = to
  }
}
