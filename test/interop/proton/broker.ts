import assert from 'node:assert/strict'
import type { EmbeddedLoki } from '../../../src/embedded/loki/server.ts'
import type { Cleanup } from '../../helpers/cleanup.ts'
import { record } from '../../helpers/messages.ts'
import { ProtonPeer, type PeerEvent } from './peer.ts'

/** The settings that broker.py takes. */
export interface BrokerSettings {
  port?: number
  mechanisms?: string
  /** PLAIN, together with `password`. */
  username?: string
  password?: string
  cert?: string
  key?: string
  ca?: string
  idleTimeout?: number
  maxFrameSize?: number
  framePayload?: number
}

export interface AmqpError { condition: string, description?: string }

/** A broker made of Qpid Proton, the C engine of rsyslog and of the router. Its messages outlive a restart. */
export class ProtonBroker {
  #peer!: ProtonPeer
  #port = 0
  #tls = false
  readonly #cleanup: Cleanup
  /** By id: the lines, and the records made of them, which do not change when they are sent again. */
  readonly #messages: Array<{ lines: string[], body: string[] }> = []
  readonly #accepted = new Set<unknown>()

  private constructor (cleanup: Cleanup) {
    this.#cleanup = cleanup
  }

  static async start (cleanup: Cleanup, settings: BrokerSettings = {}): Promise<ProtonBroker> {
    const broker = new ProtonBroker(cleanup)
    await broker.#start(settings)
    return broker
  }

  /** A value for LOKEAN_AMQP_URL. */
  get url (): string {
    return `amqp${this.#tls ? 's' : ''}://127.0.0.1:${this.#port}`
  }

  /** Dies without a close frame and comes back on the same port, with other settings and all unaccepted messages. */
  async restart (settings: BrokerSettings = {}): Promise<void> {
    await this.#peer.kill()
    this.#note()
    await this.#start({ ...settings, port: this.#port })
    for (const id of this.#messages.keys()) if (!this.#accepted.has(id)) this.#give(id)
  }

  /** Gives the broker a message for its receivers: a list of records with these lines. */
  send (lines: string[]): void {
    this.#give(this.#messages.push({ lines, body: lines.map(message => record({ message })) }) - 1)
  }

  /** Ends the links, the sessions or the connections. */
  finish (what: 'detach' | 'end' | 'close', error?: AmqpError): void {
    this.#peer.command({ do: what, error })
  }

  /** Sets the answer to links that attach from now on. */
  answer (how: 'attach' | 'refuse' | 'ignore', error?: AmqpError): void {
    this.#peer.command({ do: 'answer', how, error })
  }

  signal (signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#peer.signal(signal)
  }

  /** Resolves with the next unread event of this kind since the last start. */
  async says (event: string, where?: (event: PeerEvent) => boolean): Promise<PeerEvent> {
    return await this.#peer.next(event, where)
  }

  count (event: string, where?: (event: PeerEvent) => boolean): number {
    return this.#peer.count(event, where)
  }

  /** Waits until every message is accepted. Then the store has each line once, or so many of them twice, no other. */
  async delivered (loki: EmbeddedLoki, mostTwice = 0): Promise<void> {
    await this.#peer.until('has seen all accepted', () => {
      this.#note()
      return this.#accepted.size === this.#messages.length
    })
    const stored: string[] = []
    loki.store.forEach(({ buf, lineStart, lineEnd }) => { stored.push(buf.toString('utf8', lineStart, lineEnd)) })
    const sent = this.#messages.flatMap(({ lines }) => lines)
    if (mostTwice === 0) return assert.deepEqual(stored.sort(), sent.sort())
    assert.deepEqual(new Set(stored), new Set(sent))
    assert.ok(stored.length <= sent.length + mostTwice, `${stored.length - sent.length} are stored twice`)
  }

  async #start (settings: BrokerSettings): Promise<void> {
    this.#tls = settings.cert !== undefined
    this.#peer = new ProtonPeer(this.#cleanup, 'broker.py', [JSON.stringify(settings)])
    this.#port = Number((await this.#peer.next('listening')).port)
  }

  #give (id: number): void {
    this.#peer.command({ do: 'send', id, body: this.#messages[id].body })
  }

  #note (): void {
    for (const { event, id, outcome } of this.#peer.events) if (event === 'outcome' && outcome === 'accepted') this.#accepted.add(id)
  }
}
