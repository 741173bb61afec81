import type { AddressStats, Delivery, Outcome, OwnOutcomes, ReceiverPort, Reorder, SenderPort } from './ports.ts'

interface Sender { readonly port: SenderPort, readonly held: Set<Routed>, open: boolean }
interface Routed extends Delivery { sender: Sender, receiver?: Inbox, done: boolean }
interface Inbox { readonly port: ReceiverPort, readonly unsettled: Set<Routed> }

/**
 * One address, with messages distributed as a Qpid Dispatch router distributes `balanced`. Each message goes to one
 * receiver: of those with credit, the one with the fewest unsettled; equals take turns. Senders get credit while there
 * is a receiver, and more as their deliveries are settled. A message that comes while there is no receiver is released,
 * and its sender's credit is drained.
 */
export class Address {
  readonly #senders = new Map<SenderPort, Sender>()
  readonly #inboxes = new Map<ReceiverPort, Inbox>()
  #turns: Inbox[] = []
  #waiting: Routed[] = []
  #head = 0
  /** Waiting messages stay when no receiver is left. */
  #keeps = false
  readonly #capacity: number
  readonly #own: OwnOutcomes
  readonly #changed: () => void
  readonly #counts = { received: 0, delivered: 0, accepted: 0, rejected: 0, released: 0, modified: 0, presettled: 0, unsettled: 0 }

  constructor (capacity: number, own: OwnOutcomes, changed: () => void = () => {}) {
    this.#capacity = capacity
    this.#own = own
    this.#changed = changed
  }

  stats (): AddressStats {
    return { ...this.#counts, senders: this.#senders.size, receivers: this.#inboxes.size }
  }

  addSender (port: SenderPort): void {
    const sender: Sender = { port, held: new Set(), open: true }
    this.#senders.set(port, sender)
    this.#topUp(sender, 1)
    this.#changed()
  }

  /** A sender has given its credit back. It gets credit again where a receiver has come meanwhile. */
  drained (port: SenderPort): void {
    const sender = this.#senders.get(port)
    if (sender !== undefined) this.#topUp(sender, 1)
  }

  /**
   * Drops the sender's waiting messages. A message that a receiver holds is settled there, and the sender is not told.
   */
  removeSender (port: SenderPort): void {
    const sender = this.#senders.get(port)
    if (sender === undefined) return
    this.#senders.delete(port)
    sender.open = false
    for (const delivery of [...sender.held]) if (delivery.receiver === undefined) this.#finish(delivery)
    this.#changed()
  }

  addReceiver (port: ReceiverPort): void {
    const inbox: Inbox = { port, unsettled: new Set() }
    this.#inboxes.set(port, inbox)
    this.#turns.push(inbox)
    for (const sender of this.#senders.values()) this.#topUp(sender, 1)
    this.pump()
    this.#changed()
  }

  /** Each delivery that the receiver held goes back to its sender as `modified`, in the order in which it was sent. */
  removeReceiver (port: ReceiverPort): void {
    const inbox = this.#inboxes.get(port)
    if (inbox === undefined) return
    this.#inboxes.delete(port)
    this.#turns = this.#turns.filter(other => other !== inbox)
    for (const delivery of [...inbox.unsettled]) this.settled(delivery, this.#own.modified)
    if (this.#inboxes.size === 0 && !this.#keeps) {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#head++
        this.#resolve(next, this.#own.released)
      }
    }
    this.#changed()
  }

  /**
   * Takes unsettled deliveries back from all receivers, and sends them again before all others. `order` gives their
   * order, and may repeat a message. From now on the address keeps waiting messages also while it has no receiver, as a
   * broker's queue does. Returns how many deliveries will be sent again.
   */
  takeBack (order: Reorder): number {
    const held = [...this.#inboxes.values()].flatMap(inbox => [...inbox.unsettled])
    for (const inbox of this.#inboxes.values()) inbox.unsettled.clear()
    for (const routed of held) routed.receiver = undefined
    const again = order(held)
    this.#waiting = [...again, ...this.#waiting.slice(this.#head)]
    this.#head = 0
    this.#keeps = true
    return again.length
  }

  receive (port: SenderPort, delivery: Delivery): void {
    const sender = this.#senders.get(port)
    if (sender === undefined) return
    const routed: Routed = Object.assign(delivery, { sender, done: false })
    this.#counts.received++
    this.#counts.unsettled++
    if (delivery.presettled) this.#counts.presettled++
    sender.held.add(routed)
    if (this.#inboxes.size === 0) {
      this.#resolve(routed, this.#own.released)
      port.drain()
    } else {
      this.#waiting.push(routed)
      this.pump()
    }
    this.#changed()
  }

  /** Sends waiting messages, as far as the receivers' credit allows. Must be called when a receiver gets credit. */
  pump (): void {
    let sent = false
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const inbox = this.#choose()
      if (inbox === undefined) break
      this.#head++
      next.receiver = inbox
      this.#counts.delivered++
      sent = true
      if (!next.presettled) inbox.unsettled.add(next)
      inbox.port.send(next)
      if (next.presettled) this.#finish(next)
    }
    if (sent) this.#changed()
  }

  /** A receiver gave an outcome. It is ignored where the delivery was settled before. */
  settled (delivery: Delivery, outcome: Outcome): void {
    const routed = delivery as Routed
    if (routed.done) return
    routed.receiver?.unsettled.delete(routed)
    this.#resolve(routed, outcome)
    this.#changed()
  }

  #resolve (routed: Routed, outcome: Outcome): void {
    if (!routed.presettled) {
      this.#counts[outcome.name]++
      routed.settle(outcome)
    }
    this.#finish(routed)
  }

  #finish (routed: Routed): void {
    routed.done = true
    this.#counts.unsettled--
    routed.sender.held.delete(routed)
    this.#topUp(routed.sender, Math.ceil(this.#capacity / 10))
  }

  /** Gives credit back in steps: a flow frame for each settled delivery would cost more than the delivery. */
  #topUp (sender: Sender, step: number): void {
    if (!sender.open || this.#inboxes.size === 0) return
    const missing = this.#capacity - sender.port.credit - sender.held.size
    if (missing >= step) sender.port.grant(missing)
  }

  #next (): Routed | undefined {
    while (this.#head < this.#waiting.length && this.#waiting[this.#head]!.done) this.#head++
    if (this.#head > 1024 || (this.#head > 0 && this.#head === this.#waiting.length)) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return this.#waiting[this.#head]
  }

  #choose (): Inbox | undefined {
    let best = -1
    for (let i = 0; i < this.#turns.length; i++) {
      const inbox = this.#turns[i]!
      if (inbox.port.credit > 0 && (best < 0 || inbox.unsettled.size < this.#turns[best]!.unsettled.size)) best = i
    }
    if (best < 0) return undefined
    const chosen = this.#turns[best]!
    if (best < this.#turns.length - 1) {
      this.#turns.splice(best, 1)
      this.#turns.push(chosen)
    }
    return chosen
  }
}
