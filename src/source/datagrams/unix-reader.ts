import { backoffMs } from '../../backoff.ts'
import { ConfigError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { LEAST_MESSAGE_COST } from './message.ts'
import { UnixgramChild } from './unixgram-child.ts'
import type { UnixReport } from './unixgram-pipe.ts'

interface Options {
  /** The socket's name in messages. */
  address: string
  /** The setting that names it. */
  setting: string
  path: string
  log: Logger
}

const BACKOFF_MS = 200
const MAX_BACKOFF_MS = 15_000

/**
 * A Unix datagram socket that a process of its own reads. While the budget is used up, the process does not read, and
 * the kernel's queue fills. Then senders wait, or get an error that tells them to. No datagram is dropped.
 *
 *     opening --bound--> held --start()--> reading <--bound-- starting
 *        |                                    |                  ^ |
 *        `--> failed, for good                `--> waiting ------' `--it ends--> waiting
 *                                                  (the process has ended; backoff)
 *
 *     any --stop(), and the process has ended--> stopped;  any --close()--> closed
 */
export class UnixReader implements DatagramReader {
  listening = false
  readonly #options: Options
  readonly #events: ReaderEvents
  #process: UnixgramChild | undefined
  #room = 0
  #begun = false
  #stopping = false
  #closed = false
  #reason: string | undefined
  #attempt = 0
  #timer: NodeJS.Timeout | undefined
  #taking: NodeJS.Immediate | undefined
  #opened: { resolve: () => void, reject: (error: Error) => void } | undefined

  private constructor (options: Options, events: ReaderEvents) {
    this.#options = options
    this.#events = events
  }

  /**
   * Binds the socket, and reads nothing yet. Where the socket cannot be bound, the promise rejects with ConfigError,
   * and nothing is left open.
   */
  static async open (options: Options, events: ReaderEvents): Promise<UnixReader> {
    const reader = new UnixReader(options, events)
    await new Promise<void>((resolve, reject) => {
      reader.#opened = { resolve, reject }
      reader.#spawn()
    })
    reader.#opened = undefined
    return reader
  }

  start (room: number): void {
    this.#room = room
    this.#begun = true
    this.#process?.begin()
  }

  grant (room: number): void {
    this.#room = room
    this.#taking ??= setImmediate(() => {
      this.#taking = undefined
      this.#process?.take()
    })
  }

  canDeliver (): boolean {
    return this.#room >= (this.#process?.nextCost ?? LEAST_MESSAGE_COST)
  }

  stop (): void {
    this.#stopping = true
    clearTimeout(this.#timer)
    if (this.#process === undefined) this.#events.stopped()
    else this.#process.stop()
  }

  async close (): Promise<void> {
    this.#closed = true
    this.listening = false
    clearTimeout(this.#timer)
    clearImmediate(this.#taking)
    await this.#process?.close()
  }

  /** The kernel drops none: it makes senders wait. */
  drops (): undefined {}

  #spawn (): void {
    try {
      this.#process = new UnixgramChild(this.#options.path, {
        room: () => this.#room,
        report: report => this.#reported(report),
        message: (message, cost) => {
          this.#attempt = 0
          this.#room -= cost
          this.#events.message(message, cost)
        },
        ended: how => this.#ended(how)
      })
    } catch (error) {
      this.#ended((error as Error).message)
    }
  }

  #reported (report: UnixReport): void {
    if (report.kind === 'failed') {
      this.#reason = report.reason
      return
    }
    this.listening = true
    const { address, log } = this.#options
    log.info({ socket: address, queue: report.queue }, 'listening for datagrams: nothing that comes this way is acknowledged')
    if (this.#begun) this.#process?.begin()
    this.#opened?.resolve()
  }

  #ended (how: string): void {
    const reason = this.#reason ?? how
    this.#reason = undefined
    this.#process = undefined
    this.listening = false
    if (this.#closed) return
    const { address, setting, log } = this.#options
    if (this.#stopping) this.#events.stopped()
    else if (this.#opened !== undefined) this.#opened.reject(new ConfigError(`${setting} is ${JSON.stringify(address)}: ${reason}`))
    else {
      const delayMs = Math.round(backoffMs(this.#attempt++, BACKOFF_MS, MAX_BACKOFF_MS, Math.random))
      log.warn(
        { socket: address, reason, delayMs },
        'the process that reads the socket has ended, and is started anew; what it held is lost'
      )
      this.#timer = setTimeout(() => this.#spawn(), delayMs)
    }
  }
}
