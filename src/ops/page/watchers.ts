import type { ServerResponse } from 'node:http'

interface Options {
  /** Makes the next event for all watchers; undefined where there is none yet. */
  next: () => Promise<string | undefined>
  /** The last watcher has left. */
  onAsleep?: () => void
  onError: (error: unknown) => void
  intervalMs?: number
  /** How many may watch at a time. */
  most?: number
  /** The number of bytes that may wait for a watcher that reads slowly. */
  backlogBytes?: number
}

/** The number of the admin port's connections that watchers may have. The rest is for the probes and Prometheus. */
const MOST = 16
const INTERVAL_MS = 1000
const BACKLOG_BYTES = 64 * 1024
/** A browser waits this long before it asks again for a stream that has ended. */
const RETRY_MS = 2000

/**
 * Sends server-sent events to all who watch the page:
 *
 *     asleep --(the first comes)--> awake --(the last leaves)--> asleep
 *
 * Awake, it makes one event each interval and sends it to all. A new watcher gets the latest event at once. Asleep,
 * there is no timer and no work. The connection of a watcher that does not read is closed.
 */
export class Watchers {
  readonly #options: Required<Omit<Options, 'onAsleep'>> & Pick<Options, 'onAsleep'>
  readonly #watching = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #latest: string | undefined
  #making = false

  constructor (options: Options) {
    this.#options = { intervalMs: INTERVAL_MS, most: MOST, backlogBytes: BACKLOG_BYTES, ...options }
  }

  get count (): number {
    return this.#watching.size
  }

  get full (): boolean {
    return this.#watching.size >= this.#options.most
  }

  /** Takes over a response whose headers are set, until its connection closes. */
  add (response: ServerResponse): void {
    this.#watching.add(response)
    response.on('close', () => this.#remove(response))
    response.on('error', () => {}) // a close follows
    response.write(`retry: ${RETRY_MS}\n\n`)
    if (this.#latest !== undefined) this.#send(response, this.#latest)
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => { void this.#tick() }, this.#options.intervalMs)
    void this.#tick()
  }

  #remove (response: ServerResponse): void {
    this.#watching.delete(response)
    if (this.#watching.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#latest = undefined
    this.#options.onAsleep?.()
  }

  async #tick (): Promise<void> {
    if (this.#making) return
    this.#making = true
    try {
      const data = await this.#options.next()
      // All watchers may have left meanwhile.
      if (data === undefined || this.#timer === undefined) return
      const event = this.#latest = `data: ${data}\n\n`
      for (const response of this.#watching) this.#send(response, event)
    } catch (error) {
      this.#options.onError(error)
    } finally {
      this.#making = false
    }
  }

  #send (response: ServerResponse, event: string): void {
    if (response.writableLength > this.#options.backlogBytes) response.destroy()
    else response.write(event)
  }
}
