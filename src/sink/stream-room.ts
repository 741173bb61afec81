import type { Part } from '../worker/messages/tasks.ts'

interface Options {
  /** How many streams Loki gives the tenant: Infinity for no limit, undefined where nobody has told. */
  limitOf: (tenant: string) => number | undefined
  /** Counts the streams that Loki has of the tenant; `most` where it has more. Undefined where it does not tell. */
  count: (tenant: string, most: number) => Promise<number | undefined>
  /** How many streams of the tenant this process knows. Loki may not count those with old records only. */
  own: (tenant: string) => number
  /** A clock in ms that never goes back. */
  now: () => number
  /** Ms since the epoch. */
  unixNow?: () => number
}

/**
 * What is known of a tenant, for this limit. `slice`: how many new streams could share pushes after the last count;
 * `left` of them. `refused`: the limit is wrong.
 */
interface Room { at: number, slice: number, left: number, counting: boolean, limit: number | undefined, refused: boolean }

/** Others make streams too, and limits may change. */
const FRESH_MS = 300_000
/** Loki may not have told because it was just starting. It is asked again then. */
const RETRY_MS = 30_000
/** Tenants come from records where a setting says so. All is forgotten then. */
const MOST_TENANTS = 1_024

/**
 * Whether new streams of a tenant may share a push, with each other and with streams that Loki knows.
 *
 * The danger: an ingester tells of the last stream of its share of a push only (see Part.solo). A new stream beyond the
 * limit on streams is refused with 429. But where a known stream comes last, the answer is 204, and the records of the
 * new one are lost. After a restart, nobody can say which streams Loki knows. So new streams share a push only where
 * none of them can meet the limit:
 *
 *     unknown --(Loki tells that there is no limit)--> open
 *     unknown --(a limit is told or set: Loki's streams are counted)--> open for a slice, or closed
 *     open    --(half of the slice is used)--> counted anew, open meanwhile for what is left
 *     any     --(FRESH_MS are over, or another limit is told)--> counted anew, closed meanwhile
 *     any     --(Loki does not tell how many it has)--> closed, counted anew after RETRY_MS
 *     any     --(Loki turns a new stream away)--> closed until another limit is told
 *
 * A slice is a quarter of what is missing to half of the limit. The other half is for what the count does not see:
 * streams whose records are all older than Loki counts, streams that other instances and other programs make meanwhile
 * (up to five instances that start at once), and ingesters that have more than their share of the tenant's streams.
 *
 * A new stream may also hold a record that is too far behind what another instance has written. No record is, up to
 * NewStream.safeUntilMs.
 */
export class StreamRoom {
  readonly #options: Options
  readonly #unixNow: () => number
  readonly #rooms = new Map<string, Room>()

  constructor (options: Options) {
    this.#options = options
    this.#unixNow = options.unixNow ?? (() => Date.now())
  }

  /** Whether the part needs a push of its own, or may go behind `newBefore` parts of new streams in one. */
  isSolo ({ solo, newStream, tenant }: Part, newBefore: number): boolean {
    return solo || (newStream !== undefined && (this.#unixNow() >= newStream.safeUntilMs || !this.#isOpen(tenant, newBefore)))
  }

  /** These parts share a push. */
  take (tenant: string, parts: readonly Part[]): void {
    const room = this.#rooms.get(tenant)
    if (room === undefined) return
    for (const { newStream } of parts) if (newStream !== undefined) room.left--
  }

  /** Loki has turned a new stream of the tenant away. */
  refused (tenant: string): void {
    const limit = this.#options.limitOf(tenant)
    this.#rooms.set(tenant, { at: this.#options.now(), slice: 0, left: 0, counting: false, limit, refused: true })
  }

  #isOpen (tenant: string, newBefore: number): boolean {
    const now = this.#options.now()
    const room = this.#rooms.get(tenant)
    const limit = this.#options.limitOf(tenant)
    if (limit === undefined || (room?.refused === true && room.limit === limit)) return false
    if (limit === Infinity) return true
    const fresh = room !== undefined && now - room.at < FRESH_MS && room.limit === limit
    if (fresh && room.slice === 0 && !room.counting) return false
    if (room === undefined) this.#count(tenant, this.#open(tenant), limit)
    else if (!room.counting && (!fresh || 2 * room.left <= room.slice)) this.#count(tenant, room, limit)
    return fresh && room.left > newBefore
  }

  #open (tenant: string): Room {
    if (this.#rooms.size >= MOST_TENANTS) this.#rooms.clear()
    const room = { at: this.#options.now(), slice: 0, left: 0, counting: false, limit: undefined, refused: false }
    this.#rooms.set(tenant, room)
    return room
  }

  #count (tenant: string, room: Room, limit: number): void {
    room.counting = true
    const half = Math.floor(limit / 2)
    void this.#options.count(tenant, half).then(streams => {
      const slice = streams === undefined ? 0 : Math.floor((half - Math.max(streams, this.#options.own(tenant))) / 4)
      // Below a sixteenth of the half, Loki would be asked too often.
      room.slice = room.left = slice * 16 < half ? 0 : slice
      room.at = this.#options.now() - (streams === undefined ? FRESH_MS - RETRY_MS : 0)
      room.limit = limit
      room.refused = false
      room.counting = false
    })
  }
}
