import { createGenerator, type Generator } from '../../src/generator/generator.ts'
import type { EmbeddedBus } from '../../src/embedded/bus/bus.ts'
import type { EmbeddedLoki } from '../../src/embedded/loki/server.ts'
import type { Cleanup } from '../helpers/cleanup.ts'
import { RawSender } from '../helpers/raw-sender.ts'

/** What every record of the generator carries in front of its number. */
export const MARKER = ' seq='
export const ADDRESS = 'rsyslog/logs'

/** Messages under way at a time. */
const WINDOW = 48
const RECORDS_PER_MESSAGE = 20

/** Many machines with rsyslog, that send numbered records until each message is accepted, and know which ones were. */
export class NumberedSender {
  /** Numbers of the records that the bus said are stored. */
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

  /** Begins when somebody receives. */
  static async start (cleanup: Cleanup, bus: EmbeddedBus, messages: number): Promise<NumberedSender> {
    const sender = new NumberedSender(await RawSender.connect(bus.port, ADDRESS), messages)
    cleanup.add(async () => { await sender.close() })
    return sender
  }

  /** Leaves the bus in order: to be called while there is one. */
  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#sender.close()
  }

  /** The accepted records that the store does not have. */
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

/** The numbers of all stored lines, as often as they are there. */
export function storedIds (loki: EmbeddedLoki): number[] {
  const ids: number[] = []
  loki.store.forEach(({ buf, lineStart, lineEnd }) => {
    const line = buf.toString('utf8', lineStart, lineEnd)
    ids.push(Number(line.slice(line.lastIndexOf(MARKER) + MARKER.length)))
  })
  return ids
}
