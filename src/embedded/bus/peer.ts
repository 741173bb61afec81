import type { Connection as AmqpConnection, Delivery as RheaDelivery, EventContext, Receiver, Sender, Session } from 'rhea'
import type { Socket } from 'node:net'
import type { Address } from './address.ts'
import { onDrained } from './drained-credit.ts'
import { OutgoingCredit } from './outgoing-credit.ts'
import { outcomeOf } from './outcomes.ts'
import type { Delivery, Outcome, ReceiverPort, SenderPort } from './ports.ts'
import { creditOf, rawDelivery } from './raw-transfer.ts'
import { begunClosed, onWindowUsedUp, type WindowRules } from './windows.ts'

export interface AmqpError { condition: string, description?: string }

/** A peer's own data, for a filter of peers. `senders` and `receivers` are addresses. */
export interface PeerInfo { containerId: string, remotePort: number, senders: string[], receivers: string[] }

/**
 * One AMQP connection to the bus. Each of its links is a port of an address, until the link, its session or the socket
 * ends.
 */
export class Peer {
  readonly #connection: AmqpConnection
  readonly #socket: Socket
  readonly #addressOf: (name: string) => Address
  readonly #windows: WindowRules
  readonly #inlets = new Map<Receiver, Inlet>()
  readonly #outlets = new Map<Sender, Outlet>()

  constructor (
    connection: AmqpConnection,
    socket: Socket,
    addressOf: (name: string) => Address,
    onError: (error: Error) => void,
    windows: WindowRules
  ) {
    this.#connection = connection
    this.#socket = socket
    this.#addressOf = addressOf
    this.#windows = windows
    const fail = (error: unknown) => {
      const cause = error instanceof Error ? error : new Error(String(error))
      onError(cause)
      this.drop(cause)
    }
    for (const event of ['error', 'protocol_error']) connection.on(event, fail)
    // Without listeners, rhea throws the error that a peer sends with its close, end or detach. The error is the peer's
    // own.
    for (const event of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) connection.on(event, () => {})
    connection.on('receiver_open', ({ receiver }: EventContext) => this.#openInlet(receiver!))
    connection.on('sender_open', ({ sender }: EventContext) => this.#openOutlet(sender!))
    connection.on('receiver_close', ({ receiver }: EventContext) => this.#closeInlet(receiver!))
    connection.on('sender_close', ({ sender }: EventContext) => this.#closeOutlet(sender!))
    connection.on('session_close', ({ session }: EventContext) => this.#closeLinks(session))
    connection.on('connection_close', () => this.#closeLinks())
    connection.on('disconnected', () => this.#closeLinks())
    socket.on('close', () => this.#closeLinks())
    connection.on('message', (context: EventContext) => this.#inlets.get(context.receiver!)?.take(context))
    connection.on('sendable', ({ sender }: EventContext) => this.#outlets.get(sender!)?.address.pump())
    connection.on('sender_draining', ({ sender }: EventContext) => this.#outlets.get(sender!)?.drained())
    for (const event of ['accepted', 'rejected', 'released', 'modified', 'settled']) {
      connection.on(event, ({ sender, delivery }: EventContext) => this.#outlets.get(sender!)?.outcome(delivery!))
    }
  }

  get info (): PeerInfo {
    return {
      containerId: containerIdOf(this.#connection),
      remotePort: this.#socket.remotePort ?? 0,
      senders: [...this.#inlets.values()].map(inlet => inlet.name),
      receivers: [...this.#outlets.values()].map(outlet => outlet.name)
    }
  }

  /** Cuts the socket, as a lost machine does. Only an error makes rhea clear its timers. */
  drop (error: Error = new Error('the bus dropped the connection')): void {
    this.#socket.destroy(error)
    this.#closeLinks()
  }

  /**
   * Ends the links that the peer receives over, or their sessions or connection, with an error. Unsettled deliveries go
   * back to their senders. Returns false where the peer receives nothing.
   */
  endReceiving (over: 'link' | 'session' | 'connection', error: AmqpError): boolean {
    const senders = [...this.#outlets.keys()]
    for (const sender of senders) this.#closeOutlet(sender)
    if (over === 'connection' && senders.length > 0) this.#connection.close(error)
    if (over === 'session') for (const session of new Set(senders.map(({ session }) => session))) session.close(error)
    if (over === 'link') for (const sender of senders) sender.close(error)
    return senders.length > 0
  }

  #openInlet (receiver: Receiver): void {
    const name = addressIn(receiver.target)
    if (!name) return refuse(receiver, 'a target address is required')
    const source = addressIn(receiver.source)
    receiver.set_source(source ? { address: source } : {} as { address: string })
    receiver.set_target({ address: name })
    const inlet = new Inlet(name, this.#addressOf(name), receiver)
    this.#inlets.set(receiver, inlet)
    inlet.address.addSender(inlet)
  }

  #openOutlet (sender: Sender): void {
    const name = addressIn(sender.source)
    if (!name) return refuse(sender, 'a source address is required')
    sender.set_source({ address: name })
    sender.set_target({ address: addressIn(sender.target) } as { address: string })
    const { sendsToClosed = false, waitsForMore = false } = this.#windows
    const outlet = new Outlet(name, this.#addressOf(name), sender, !sendsToClosed && begunClosed(sender.session))
    if (waitsForMore) onWindowUsedUp(sender.session, () => outlet.waitForMore())
    this.#outlets.set(sender, outlet)
    outlet.address.addReceiver(outlet)
  }

  #closeInlet (receiver: Receiver): void {
    const inlet = this.#inlets.get(receiver)
    this.#inlets.delete(receiver)
    inlet?.close()
  }

  #closeOutlet (sender: Sender): void {
    const outlet = this.#outlets.get(sender)
    this.#outlets.delete(sender)
    outlet?.close()
  }

  /** Closes the inlets first: a delivery that a dying peer sent to itself need not be returned to it. */
  #closeLinks (session?: Session): void {
    for (const receiver of [...this.#inlets.keys()]) if (!session || receiver.session === session) this.#closeInlet(receiver)
    for (const sender of [...this.#outlets.keys()]) if (!session || sender.session === session) this.#closeOutlet(sender)
  }
}

/** rhea's types do not allow for a peer that has not opened yet, nor for a link without a terminus. */
function containerIdOf (connection: { container_id?: string }): string {
  return connection.container_id ?? ''
}

function addressIn (terminus: { address: string } | undefined): string | undefined {
  return terminus?.address
}

/**
 * A link must be answered before it can be refused (AMQP 1.0, 2.6.3): it is attached with no terminus, then detached.
 */
function refuse (link: Receiver | Sender, description: string): void {
  link.close({ condition: 'amqp:invalid-field', description })
}

/** A link on which the peer sends; a receiver to rhea. */
class Inlet implements SenderPort {
  readonly name: string
  readonly address: Address
  readonly #receiver: Receiver
  #open = true

  constructor (name: string, address: Address, receiver: Receiver) {
    this.name = name
    this.address = address
    this.#receiver = receiver
    onDrained(receiver, () => address.drained(this))
  }

  get credit (): number { return creditOf(this.#receiver) }

  grant (credit: number): void {
    this.#receiver.drain = false
    this.#receiver.add_credit(credit)
  }

  drain (): void {
    this.#receiver.drain_credit()
  }

  take (context: EventContext): void {
    const delivery = context.delivery!
    const presettled = delivery.remote_settled
    if (presettled) delivery.update(true)
    const settle = (outcome: Outcome) => {
      if (this.#open) delivery.update(true, outcome.state)
      // The link is gone, but its session may live: rhea must forget the delivery, or the session's buffer fills.
      else (delivery as { settled: boolean }).settled = true
    }
    this.address.receive(this, { ...rawDelivery(context), presettled, settle })
  }

  close (): void {
    this.#open = false
    this.address.removeSender(this)
  }
}

/** A link on which the peer receives; a sender to rhea. */
class Outlet implements ReceiverPort {
  readonly name: string
  readonly address: Address
  readonly #sender: Sender
  readonly #inFlight = new Map<RheaDelivery, Delivery>()
  readonly #credit: OutgoingCredit
  readonly #stuck: boolean

  /** `stuck`: nothing can ever be sent over the link's session. */
  constructor (name: string, address: Address, sender: Sender, stuck: boolean) {
    this.name = name
    this.address = address
    this.#sender = sender
    this.#credit = new OutgoingCredit(sender)
    this.#stuck = stuck
  }

  get credit (): number { return this.#stuck ? 0 : this.#credit.left }

  waitForMore (): void { this.#credit.waitForMore() }

  send (delivery: Delivery): void {
    const tag = Buffer.allocUnsafe(8)
    tag.writeBigUInt64LE(BigInt(this.#credit.take()))
    const sent = this.#sender.send(delivery.message, tag, delivery.format)
    if (delivery.presettled) (sent as { settled: boolean }).settled = true
    else this.#inFlight.set(sent, delivery)
  }

  outcome (sent: RheaDelivery): void {
    const delivery = this.#inFlight.get(sent)
    const outcome = outcomeOf(sent)
    if (delivery === undefined || outcome === undefined) return
    this.#inFlight.delete(sent)
    // A peer that waits for the bus to settle first (rcv-settle-mode second) gets its outcome confirmed.
    if (!sent.remote_settled) sent.update(true, outcome.state)
    this.address.settled(delivery, outcome)
    this.address.pump()
  }

  drained (): void {
    this.address.pump()
    this.#credit.drain()
  }

  /** Called once. The session may outlive the link, whose deliveries must not block the session's buffer. */
  close (): void {
    this.address.removeReceiver(this)
    const { outgoing } = this.#sender.session as unknown as { outgoing: { next_pending_delivery: number } }
    setImmediate(() => {
      for (const sent of this.#inFlight.keys()) {
        if (sent.id < outgoing.next_pending_delivery) Object.assign(sent, { settled: true, remote_settled: true })
      }
      this.#inFlight.clear()
    })
  }
}
