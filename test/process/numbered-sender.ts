import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import type { EmbeddedBus } from '../../src/embedded/bus/bus.ts'
import type { EmbeddedLoki } from '../../src/embedded/loki/server.ts'
import type { Cleanup } from '../helpers/cleanup.ts'
import { RawSender } from '../helpers/raw-sender.ts'

/** The generator writes this in front of each record's number. */
export const MARKER = ' seq='
export const ADDRESS = 'rsyslog/logs'

/** The most unsettled messages. */
const WINDOW = 48
const RECORDS_PER_MESSAGE = 20

/**
 * Plays many machines with rsyslog. They send numbered records, each message until it is accepted, and know the
 * accepted ones.
 */
export class NumberedSender {
  /** The numbers of all accepted records. */
  readonly accepted = new Set<number>()
  readonly records: number
  readonly done: Promise<void>
  readonly #generator: Generator = createGenerator({ hosts: 20, seed: 7, recordsPerMessage: RECORDS_PER_MESSAGE })
  readonly #sender: RawSender
  #closed = false

  private constructor (sender: RawSender, messages: number) {
    this.#sender = sender
    this.records = messages * RECORDS_PER_MESSAGE
    this.done = Promise.all(Array.from({ length: WINDOW }, async () => await this.#sendAll())).then(() => {})
  }

  /** Starts when a receiver is attached. */
  static async start (cleanup: Cleanup, bus: EmbeddedBus, messages: number): Promise<NumberedSender> {
    const sender = new NumberedSender(await RawSender.connect(bus.port, ADDRESS), messages)
    cleanup.add(async () => { await sender.close() })
    return sender
  }

  /** Closes the connection in order. The bus must still run. */
  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#sender.close()
  }

  /** Returns the accepted records that the store lacks. */
  lost (loki: EmbeddedLoki): number[] {
    const stored = new Set(storedIds(loki))
    return [...this.accepted].filter(id => !stored.has(id))
  }

  async #sendAll (): Promise<void> {
    while (this.#generator.sent < this.records) {
      const first = this.#generator.sent
      const { message, records } = this.#generator.next()
      await this.#sender.deliver(message)
      for (let id = first; id < first + records; id++) this.accepted.add(id)
    }
  }
}

/** Returns the numbers of all stored lines, repeated ones too. */
export function storedIds (loki: EmbeddedLoki): number[] {
  const ids: number[] = []
  loki.store.forEach(({ buf, lineStart, lineEnd }) => {
    const line = buf.toString('utf8', lineStart, lineEnd)
    ids.push(Number(line.slice(line.lastIndexOf(MARKER) + MARKER.length)))
  })
  return ids
}
