import type { Logger } from '../log.ts'
import type { CardinalityReport, NewStream, OddNames } from '../worker/messages/tasks.ts'
import { ActiveStreams } from '../worker/streams/active-streams.ts'

const TICK_MS = 60_000

/**
 * The main thread's part of the limit on streams. It owns the table that all workers share (ActiveStreams), advances
 * the table's clock, and warns when a tenant has too many streams.
 */
export class CardinalityGuard {
  readonly #limit: number | undefined
  readonly #log: Logger
  readonly #streams: ActiveStreams
  #timer: NodeJS.Timeout | undefined
  #hasToldOdd = false

  /** `limit`: how many streams a tenant may have at a time. */
  constructor (limit: number | undefined, log: Logger) {
    this.#limit = limit
    this.#log = log
    this.#streams = ActiveStreams.create(limit)
  }

  /** For EncoderSettings.activeStreams. */
  get memory (): SharedArrayBuffer {
    return this.#streams.memory
  }

  /** How many streams a tenant may have at a time; undefined for no limit. */
  get limit (): number | undefined {
    return this.#limit
  }

  /** Streams of the tenant that got a record within the last hour. */
  countOf (tenant: string): number {
    return this.#streams.countOf(tenant)
  }

  /** Streams that got a record within the last hour. */
  get count (): number {
    return this.#streams.count
  }

  /** Loki has stored a record of the stream. From now on the workers take it for known. */
  stored (stream: NewStream): void {
    this.#streams.stored(stream, Math.floor(Date.now() / 1000))
  }

  start (): void {
    this.#timer = setInterval(() => this.#streams.tick(), TICK_MS).unref()
  }

  stop (): void {
    clearInterval(this.#timer)
  }

  /** Tells once that there are names that make no streams of their own. */
  tellOdd (names: OddNames | undefined): void {
    if (names === undefined || this.#hasToldOdd) return
    this.#hasToldOdd = true
    this.#log.warn({
      ...names,
      mend: 'see who writes such records; rsyslog cuts a message above its maxMessageSize, and takes words of the rest for host and tag'
    }, 'a record has a host that is no host name, or a source that is no tag: such records share a stream, with both as metadata')
  }

  /**
   * Names the label that makes the streams, because an operator must know it: the one with the most values, or all that
   * have so many, as taking one of these out changes nothing.
   */
  warn (reports: readonly CardinalityReport[]): void {
    for (const { tenant, streams, newest, values } of reports) {
      const most = values.filter(([, count]) => count === values[0]?.[1]).map(([name]) => name)
      const take = `take ${most.length > 1 ? 'the labels' : 'the label'} ${most.join(' and ')} out of LOKEAN_LABELS`
      const facts = {
        tenant: tenant === '' ? undefined : tenant,
        streams,
        limit: this.#limit,
        newest,
        values: Object.fromEntries(values),
        mend: this.#limit === undefined
          ? `${take}, or see that Loki allows as many streams (max_global_streams_per_user); LOKEAN_MAX_STREAMS sets a limit`
          : `${take}, or raise LOKEAN_MAX_STREAMS`
      }
      this.#log.warn(facts, this.#limit === undefined
        ? 'a tenant has more streams than Loki takes by default: Loki may turn them away, and each new one is a push of its own'
        : 'a tenant has as many streams as LOKEAN_MAX_STREAMS allows: records of others go to quarantine')
    }
  }
}
