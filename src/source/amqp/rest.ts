import type { Socket } from 'node:net'

/** A rest that is shorter costs more than it saves. */
const LEAST_MS = 4

/**
 * Leaves a socket unread while nothing is needed of it. Each read wakes the process up, and at thin loads that costs
 * more than what is read. What comes meanwhile waits in the kernel, and is read in one go.
 *
 *     reading --(nothing is needed of any address)--> resting --(time, or end())--> reading
 */
export class Rest {
  /** By address, until when nothing is needed of it. */
  readonly #until = new Map<string, number>()
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #socket: Socket | undefined

  /** `addresses`: all that come over the socket. `now`: a clock in ms that never goes back. */
  constructor (addresses: readonly string[], now: () => number = () => performance.now()) {
    for (const address of addresses) this.#until.set(address, 0)
    this.#now = now
  }

  /** Nothing of the address is needed within the next `ms`. Where that holds for all addresses, the socket rests. */
  quiet (address: string, ms: number, socket: Socket): void {
    const now = this.#now()
    this.#until.set(address, now + ms)
    const restMs = Math.min(...this.#until.values()) - now
    if (restMs < LEAST_MS) return
    this.end()
    this.#socket = socket
    socket.pause()
    this.#timer = setTimeout(() => this.end(), restMs)
  }

  /** The socket is read from now on. */
  end (): void {
    clearTimeout(this.#timer)
    this.#socket?.resume()
    this.#socket = undefined
  }
}
