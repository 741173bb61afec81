import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import rhea, { type Connection, type Container, type Delivery, type EventContext, type Sender } from 'rhea'
import { until } from './until.ts'

interface PeerOptions {
  /** Allows PLAIN only, and decides who may come in. The default is ANONYMOUS. */
  plain?: (username: string, password: string) => boolean
  /** Returns the refusal for a link to this address; undefined lets it attach. */
  refuse?: (address: string) => { condition: string, description: string } | undefined
  /** The largest payload of a frame. The default is what the receiver takes. */
  framePayload?: number
}

/** The outcome of a delivery, as its sender sees it. */
export type Outcome = 'accepted' | 'rejected' | 'released' | 'modified' | 'settled'

/** The part of rhea's session that limits what may be sent. */
interface Outgoing { remote_window: number, compute_max_payload: () => number }

/** A receiver's grant of messages and of frames. */
export interface Grant { address: string, credit: number, window: number }

/**
 * Plays the bus of a test by rhea's real AMQP 1.0 listener. It sends what the test asks for, and closes with the test.
 */
export class AmqpPeer {
  readonly container: Container = rhea.create_container()
  /** Open connections, the newest last. */
  readonly connections: Connection[] = []
  /** Attached sending links, the newest last. */
  readonly senders: Sender[] = []
  readonly grants: Grant[] = []
  readonly sockets = new Set<Socket>()
  /** How many connections were opened and how many links attached so far. */
  opened = 0
  attached = 0
  /** Errors that the receiver sent when it closed a link. */
  readonly detached: Array<{ condition?: string, description?: string } | undefined> = []
  readonly #options: PeerOptions
  readonly #outcomes = new Map<Delivery, (outcome: Outcome) => void>()
  /** Messages of one address are sent in the order of the calls of `send`. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #server: Server | undefined

  private constructor (options: PeerOptions) {
    this.#options = options
  }

  static async listen (t: TestContext, options: PeerOptions = {}, port = 0): Promise<AmqpPeer> {
    const peer = new AmqpPeer(options)
    await peer.#listen(port)
    t.after(async () => { await peer.close() })
    return peer
  }

  get port (): number {
    return (this.#server?.address() as AddressInfo).port
  }

  async #listen (port: number): Promise<void> {
    const { container } = this
    if (this.#options.plain !== undefined) container.sasl_server_mechanisms.enable_plain(this.#options.plain)
    container.on('connection_open', ({ connection }: EventContext) => {
      this.opened++
      this.connections.push(connection)
    })
    for (const lost of ['connection_close', 'disconnected']) {
      container.on(lost, ({ connection }: EventContext) => {
        remove(this.connections, one => one === connection)
        remove(this.senders, one => one.connection === connection)
      })
    }
    for (const quiet of ['connection_error', 'sender_error', 'session_error', 'error', 'protocol_error']) container.on(quiet, () => {})
    container.on('sender_open', ({ sender }: EventContext) => this.#attached(sender as Sender))
    container.on('sender_flow', ({ sender }: EventContext) => {
      const { credit, source } = sender as Sender & { credit: number }
      this.grants.push({ address: source.address, credit, window: outgoing(sender as Sender).remote_window })
    })
    container.on('sender_close', ({ sender }: EventContext) => {
      this.detached.push(sender?.error as never)
      remove(this.senders, one => one === sender)
    })
    for (const outcome of ['accepted', 'rejected', 'released', 'modified', 'settled'] as const) {
      container.on(outcome, ({ delivery }: EventContext) => {
        this.#outcomes.get(delivery as Delivery)?.(outcome)
        this.#outcomes.delete(delivery as Delivery)
      })
    }
    const server = container.listen({ port, host: '127.0.0.1' })
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.on('close', () => { this.sockets.delete(socket) })
    })
    await once(server, 'listening')
  }

  #attached (sender: Sender): void {
    const { address } = sender.source
    const refusal = this.#options.refuse?.(address)
    if (refusal !== undefined) {
      sender.close(refusal)
      return
    }
    const { framePayload } = this.#options
    if (framePayload !== undefined) outgoing(sender).compute_max_payload = () => framePayload
    sender.set_source({ address })
    this.attached++
    this.senders.push(sender)
  }

  /** Resolves with the link for `address` as soon as there is one. */
  async sender (address: string): Promise<Sender> {
    const find = (): Sender | undefined => this.senders.filter(({ source }) => source.address === address).at(-1)
    await until(`a receiver for ${address} is attached`, () => find() !== undefined)
    return find() as Sender
  }

  /** Sends `payload` unchanged. Resolves with its outcome, if there ever is one. */
  async send (address: string, payload: Buffer): Promise<Outcome> {
    const turn = (this.#turns.get(address) ?? Promise.resolve()).then(async () => await this.sender(address))
    this.#turns.set(address, turn.catch(() => {}))
    const sender = await turn
    const delivery = sender.send(payload, undefined, 0)
    return await new Promise(resolve => { this.#outcomes.set(delivery, resolve) })
  }

  /**
   * Cuts all connections without a close frame. The error is needed, because rhea stops its timers for nothing else.
   */
  drop (): void {
    for (const socket of this.sockets) socket.destroy(new Error('cut by the test'))
  }

  async close (): Promise<void> {
    this.drop()
    const server = this.#server
    if (server?.listening !== true) return
    server.close()
    await once(server, 'close')
  }
}

function outgoing (sender: Sender): Outgoing {
  return (sender.session as unknown as { outgoing: Outgoing }).outgoing
}

function remove<T> (list: T[], which: (one: T) => boolean): void {
  for (let i = list.length - 1; i >= 0; i--) if (which(list[i])) list.splice(i, 1)
}
