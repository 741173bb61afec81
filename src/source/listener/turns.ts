import type { Budget } from '../budget/budget.ts'
import { finishRoom, frameRoom, READ_BYTES } from '../budget/frame-room.ts'
import type { SenderConnection } from './connection.ts'
import { Shares } from './shares.ts'

/** A connection is read no more than this, and then the others. */
export const TURN_BYTES = 128 * 1024
/** A sender of a part of a frame that sends nothing for so long is given up where others need its room. */
const PATIENCE_MS = 10_000

/**
 * Says which connections may be read, so that nothing is read that has no room in the budget, and none starves.
 *
 *     open: each connection is read, unless it holds its share
 *      |  ^
 *      |  `-------(there is more room again; those who wait have their turns, the longest first)
 *      v
 *     shut: nobody is read, but for one connection that may finish its frame, and those that are light
 *
 * - The gate is open while the budget has room for one more read, and for `finishRoom` behind it. So much is promised,
 *   and nothing else takes it. A pause holds at once, so one read at most comes after the room was looked at.
 * - A turn is at most TURN_BYTES. Where there is room for few, those at the end of the line have none yet. Who had a
 *   turn goes to the end. So what comes first from thousands of sockets is not left to the kernel.
 * - What a connection holds unsettled is bounded by its share (Shares).
 * - A frame that has come in part, or one that is larger than the room, is finished in the room that is kept back, one
 *   connection after the other (`finisher`). So senders of halves cannot block each other. One that sends nothing more
 *   while others find no room is given up.
 * - A connection is light while it may bring what takes no room (see `Session.fresh`) and has brought little else. What
 *   it brings is part of what any connection may hold outside of the budget (CARRY_FREE).
 */
export class Turns {
  readonly #budget: Budget
  readonly #connections: ReadonlySet<SenderConnection>
  readonly #finishRoom: number
  readonly #readRoom: number
  readonly #reopenRoom: number
  readonly #shares: Shares
  /** Those who wait for their turn, the longest first. */
  readonly #line = new Set<SenderConnection>()
  #open = false
  #running = false
  #finisher: SenderConnection | undefined
  #finisherSince = 0
  #scheduled: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined

  constructor (budget: Budget, maxFrameBytes: number, connections: ReadonlySet<SenderConnection>) {
    this.#budget = budget
    this.#connections = connections
    this.#finishRoom = finishRoom(maxFrameBytes)
    this.#readRoom = frameRoom(maxFrameBytes)
    // The gate has some play, so that it does not open for one read after the other.
    this.#reopenRoom = Math.min(budget.own, this.#readRoom + budget.own / 16)
    this.#shares = new Shares(maxFrameBytes)
  }

  start (): void {
    this.#running = true
    this.#promise()
    this.#timer = setInterval(() => this.#giveUp(), PATIENCE_MS / 4).unref()
    this.#shares.start()
  }

  /** Reads nothing more. */
  stop (): void {
    this.#running = false
    this.#open = false
    clearInterval(this.#timer)
    this.#shares.stop()
    clearImmediate(this.#scheduled)
    this.#line.clear()
    for (const connection of this.#connections) connection.pause()
    this.#budget.promise(0)
  }

  /** Whether something has come that has found no room yet. */
  get waiting (): boolean {
    for (const { lacks } of this.#connections) if (lacks === 'room') return true
    return [...this.#line].some(({ lacks }) => lacks === 'room')
  }

  /** Whether connections may not be read at present. */
  get holding (): boolean {
    return this.#line.size > 0
  }

  add (connection: SenderConnection): void {
    if (this.#mayRead(connection)) connection.resume()
    else this.#line.add(connection)
  }

  gone (connection: SenderConnection): void {
    if (connection.lacks !== 'room') this.#line.delete(connection)
    if (this.#finisher === connection && connection.lacks !== 'room') this.#finish()
  }

  /** The cost that the connection may take now. */
  room (connection: SenderConnection): number {
    if (!this.#running) return 0
    if (connection === this.#finisher) return this.#budget.room
    if (!this.#open) return 0
    return Math.max(0, Math.min(this.#budget.room - this.#finishRoom, this.#allowed - connection.held))
  }

  lease (bytes: number): void {
    if (bytes > 0) this.#budget.lease(bytes, Math.max(0, this.#budget.promised - bytes))
    else if (bytes < 0) this.#budget.release(-bytes)
  }

  /** The connection holds the delivery already. */
  deliver (connection: SenderConnection, cost: number): void {
    this.#shares.delivered(connection, cost)
    this.#budget.lease(cost, Math.max(0, this.#budget.promised - cost))
  }

  /** The connection does not hold the delivery any more. */
  settled (connection: SenderConnection): void {
    this.#shares.settled(connection)
    if (connection.paused && this.#running && (!connection.over || connection.lacks === 'room')) this.#line.add(connection)
  }

  /** The connection has taken what it could. Who waits is served in a turn of its own. */
  took (connection: SenderConnection): void {
    if (!this.#running) return
    if (connection === this.#finisher && (connection.progressed || connection.over)) this.#finish()
    this.#promise()
    if (this.#mayRead(connection)) {
      this.#line.delete(connection)
      if (connection.behind) this.#watch(connection)
      connection.resume()
    } else {
      this.#hold(connection)
      if (this.#open && connection.turnBytes <= 0) this.serveSoon()
    }
  }

  /** A turn of the event loop that brings nothing shows that all is read: the kernel hands over what it has. */
  #watch (connection: SenderConnection): void {
    const heardAt = connection.heardAt
    setImmediate(() => setImmediate(() => {
      if (!connection.paused && connection.heardAt === heardAt) connection.behind = false
    }))
  }

  /** There may be more room than before. */
  serveSoon (): void {
    if (!this.#running) return
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#serve()
    })
  }

  #serve (): void {
    if (!this.#running) return
    this.#promise()
    if (!this.#open && this.#finisher === undefined) this.#letFinish()
    const free = this.#budget.room - this.#finishRoom
    const served = [...this.#line].slice(0, Math.max(1, Math.floor(free / READ_BYTES)))
    const others = this.#line.size > served.length
    let progress = false
    for (const connection of served) {
      if (!this.#isOpen()) return
      connection.turnBytes = Math.min(TURN_BYTES, free / served.length)
      this.#line.delete(connection)
      if (connection.lacks !== 'room') {
        this.took(connection)
        progress = true
      } else if (takesMore(connection)) progress = true
      else if (connection.held === 0 && this.#finisher === undefined) this.#letFinish(connection)
    }
    if (others && progress) this.serveSoon()
  }

  /** Asked anew each time: who takes something may shut the gate. */
  #isOpen (): boolean {
    return this.#open
  }

  /** Promises what may be read, and opens or shuts the gate. */
  #promise (): void {
    const { room } = this.#budget
    this.#budget.promise(Math.min(room, this.#readRoom))
    if (room >= this.#reopenRoom) this.#open = true
    else if (room < this.#readRoom) {
      this.#budget.wait()
      if (!this.#open) return
      this.#open = false
      for (const connection of this.#connections) if (!this.#mayRead(connection)) this.#hold(connection)
    }
  }

  /** The connection goes to the end of the line; where only it itself is in its way, it does so when that changes. */
  #hold (connection: SenderConnection): void {
    connection.pause()
    if (connection.over && connection.lacks !== 'room') return
    connection.behind = true
    const hasShare = connection.held >= this.#allowed || (connection.lacks === 'room' && connection.held > 0)
    if (connection.deaf || hasShare) this.#line.delete(connection)
    else this.#line.add(connection)
  }

  #mayRead (connection: SenderConnection): boolean {
    if (!this.#running || connection.over || connection.lacks === 'room' || connection.deaf) return false
    if (connection === this.#finisher || connection.light) return true
    return this.#open && connection.turnBytes > 0 && connection.held < this.#allowed
  }

  get #allowed (): number {
    return this.#shares.of(this.#budget.limit)
  }

  /** Lets one that waits finish its frame in the room that is kept back: the first, or the given one. */
  #letFinish (wanted?: SenderConnection): void {
    if (this.#budget.room < this.#finishRoom) return
    const next = wanted ?? [...this.#line].find(one => one.carried > 0 && !one.deaf)
    if (next === undefined) return
    this.#finisher = next
    this.#finisherSince = performance.now()
    this.#line.delete(next)
    if (next.lacks === 'room') next.work()
    else this.took(next)
  }

  #finish (): void {
    this.#finisher = undefined
    this.serveSoon()
  }

  /** Gives up senders that have sent a part of a frame, and then nothing, while others find no room. */
  #giveUp (): void {
    if (this.#open) return
    const before = performance.now() - PATIENCE_MS
    for (const one of this.#connections) {
      const blocks = one === this.#finisher ? this.#finisherSince < before : one.carryCost > 0 && one.lacks === 'bytes'
      if (blocks && one.heardAt < before && !one.paused) one.destroy()
    }
    this.#serve()
  }
}

/** Whether the connection has taken some of what had found no room, or lacks no room any more. */
function takesMore (connection: SenderConnection): boolean {
  connection.work()
  return connection.progressed || connection.lacks !== 'room'
}
