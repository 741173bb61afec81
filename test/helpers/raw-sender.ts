import { once } from 'node:events'
import type { Socket } from 'node:net'
import rhea, { type Connection, type Sender } from 'rhea'

export type OutcomeName = 'accepted' | 'rejected' | 'released' | 'modified'

/** A producer like omamqp1: it sends given bytes and waits for their outcome. */
export class RawSender {
  readonly #connection: Connection
  readonly #sender: Sender
  readonly #waiting = new Map<string, (outcome: OutcomeName) => void>()
  #tag = 0

  private constructor (connection: Connection, sender: Sender) {
    this.#connection = connection
    this.#sender = sender
    for (const outcome of ['accepted', 'rejected', 'released', 'modified'] as const) {
      sender.on(outcome, context => {
        const tag = String(context.delivery?.tag)
        this.#waiting.get(tag)?.(outcome)
        this.#waiting.delete(tag)
      })
    }
  }

  /** Resolves when the bus gives credit, which means that a receiver is attached. */
  static async connect (port: number, address: string): Promise<RawSender> {
    const connection = rhea.create_container().connect({ port, host: '127.0.0.1', reconnect: false, session_buffer_size: 20000 })
    connection.on('error', () => {})
    connection.on('disconnected', () => {})
    const sender = connection.open_sender({ target: { address }, treat_modified_as_released: false } as never)
    const raw = new RawSender(connection, sender)
    if (!sender.sendable()) await once(sender, 'sendable')
    return raw
  }

  async send (message: Uint8Array): Promise<OutcomeName> {
    const tag = String(this.#tag++)
    return await new Promise(resolve => {
      this.#waiting.set(tag, resolve)
      this.#sender.send(Buffer.from(message), Buffer.from(tag), 0)
    })
  }

  /** Sends until the message is accepted, as rsyslog does with resumeRetryCount=-1. Returns the number of tries. */
  async deliver (message: Uint8Array): Promise<number> {
    for (let times = 1; ; times++) if (await this.send(message) === 'accepted') return times
  }

  async close (): Promise<void> {
    const { socket } = this.#connection as unknown as { socket: Socket }
    if (socket.destroyed) return
    const gone = once(socket, 'close')
    this.#connection.close()
    await gone
  }
}
