import { EqualTimes } from '../delivery/equal-times.ts'
import { senderHost } from '../delivery/sender-host.ts'
import type { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import { type Peer, ProtocolError, type Session, type Taken } from '../listener/protocol.ts'
import type { RelpCounts } from './counts.ts'
import { type Frame, Frames } from './frames.ts'
import type { Held, Owner, Repeater } from './held.ts'
import { OFFERS, offersCommand } from './offers.ts'
import { Received } from './received.ts'
import { Recognition } from './recognition.ts'
import type { Predecessor, Resends } from './resends.ts'
import { after, before, distance } from './txnr.ts'

/**
 * What comes over a connection of RELP (librelp's doc/relp.html, as rsyslog's omrelp speaks it). A record is answered
 * with 200 when it is stored, and never with anything else: to any other answer, a sender drops the record.
 *
 *     new --open--> open --close, or stop()--> closing --(all records are answered)--> ended
 *      `-----(broken protocol)-------`----------------------------------------------------^
 *
 * The records of one read make one delivery. What was received is stored, also where the connection is gone by then:
 * the sender may have forgotten it. What comes again is recognised (Recognition), also without room. It is
 * answered over each connection over which it came, while that is there.
 */
export class RelpSession implements Session, Owner, Repeater, Predecessor {
  readonly #peer: Peer
  readonly #host: string
  readonly #frames: Frames
  readonly #delivery: SyslogDelivery
  readonly #counts: RelpCounts
  readonly #resends: Resends<RelpSession>
  readonly #recognition: Recognition<RelpSession>
  /** By their numbers. When the connection has gone, those that are stored since then stay. */
  readonly unanswered = new Map<number, Held>()
  #times = new EqualTimes()
  #state: 'new' | 'open' | 'closing' | 'ended' = 'new'
  /** The transaction number that comes next, once it is known. */
  #next = 0
  /** Of the unanswered, so many are stored. */
  #stored = 0
  /** The most that were unanswered at once: the sender's window, as far as is known. */
  #window = 1
  /** The number of the sender's `close`, which is answered last. */
  #closeTxnr: number | undefined
  constructor (peer: Peer, maxFrameBytes: number, delivery: SyslogDelivery, counts: RelpCounts, resends: Resends<RelpSession>) {
    this.#peer = peer
    this.#host = senderHost(peer.host)
    this.#frames = new Frames(maxFrameBytes)
    this.#delivery = delivery
    this.#counts = counts
    this.#resends = resends
    this.#recognition = new Recognition(resends, this)
  }

  get fresh (): boolean {
    return this.#state === 'new' || (this.#state === 'open' && !this.#recognition.decided)
  }

  get full (): boolean {
    return this.unanswered.size >= this.#window
  }

  get idle (): boolean {
    return this.unanswered.size === 0 && this.#recognition.matched.length === 0
  }

  /** Behind a `close`, a sender sends nothing again. */
  get mayBeDead (): boolean {
    return this.#closeTxnr === undefined && (this.#state === 'closing' || this.#state === 'ended' || this.#peer.behind)
  }

  /** Where a frame breaks the protocol, nothing that came with it is delivered: it is unanswered, and comes again. */
  take (bytes: Buffer, room: number): Taken {
    const received = new Received(this.#delivery, this.#host, room)
    let [at, lacks] = [0, 'bytes' as Taken['lacks']]
    try {
      while (this.#state === 'new' || this.#state === 'open') {
        at = this.#frames.start(bytes, at)
        const frame = this.#frames.read(bytes, at)
        if (frame === undefined) break
        if (!this.#frame(bytes, frame, received)) {
          lacks = 'room'
          break
        }
        at = this.#frames.take(frame)
      }
    } catch (error) {
      for (const { owners } of received.held) for (const [, txnr] of owners) this.unanswered.delete(txnr)
      if (error instanceof ProtocolError) this.#peer.write('0 serverclose 0\n')
      this.#state = 'ended'
      throw error
    }
    if (this.#state === 'closing' || this.#state === 'ended') at = bytes.length
    this.#window = Math.max(this.#window, this.unanswered.size)
    received.deliver(this.#peer, this.#counts)
    this.#endWhenAnswered()
    return { taken: at, lacks }
  }

  stop (): void {
    if (this.#state !== 'ended') this.#state = 'closing'
    this.#endWhenAnswered()
  }

  /** A frame that has not come whole is dropped. It comes again. */
  ended (): void {
    this.stop()
  }

  lost (): void {
    this.#state = 'ended'
    if (!this.mayBeDead || this.unanswered.size === 0) this.#resends.delete(this)
  }

  stored (txnr: number): void {
    if (this.#state === 'ended') {
      if (++this.#stored === this.unanswered.size) this.#resends.remember(this)
      return
    }
    this.unanswered.delete(txnr)
    this.#answer(txnr, '200 OK')
    if (this.unanswered.size === 0) this.#times = new EqualTimes()
    this.#endWhenAnswered()
  }

  /** A record that this connection has repeated is stored. */
  repeatedStored (): void {
    const { matched, decided } = this.#recognition
    if (decided || this.#state !== 'open') return
    while (matched[0]?.stored === true) {
      this.#answer(before(this.#next, matched.length), '200 OK')
      this.#counts.recognised++
      for (const [owner, txnr] of matched.shift()?.owners ?? []) owner.forget(txnr)
    }
  }

  forget (txnr: number): void {
    if (this.#state === 'ended' && this.unanswered.delete(txnr)) this.#stored--
  }

  /** Its records have all come again, and what is not read will. Returns what is counted of their times. */
  surrender (): EqualTimes {
    this.#resends.delete(this)
    if (this.#state === 'open') {
      this.#state = 'ended'
      this.#peer.end()
    }
    return this.#times
  }

  /** Returns whether there was room for the frame. */
  #frame (bytes: Buffer, frame: Frame, received: Received): boolean {
    const { txnr, command } = frame
    if (command === 'open') this.#open(frame, bytes.toString('latin1', frame.dataAt, frame.end))
    else if (this.#state === 'new') this.#refuse(txnr, `${command} in front of open`)
    else if (command === 'syslog') return this.#record(bytes, frame, received)
    else if (command !== 'close') this.#refuse(txnr, `the command ${command}, which was not offered`)
    else if (!this.#takeBack(received)) return false
    else {
      this.#closeTxnr = txnr
      this.#state = 'closing'
    }
    return true
  }

  #open ({ txnr }: Frame, offers: string): void {
    if (this.#state !== 'new') this.#refuse(txnr, 'a second open')
    if (!offersCommand(offers, 'syslog')) this.#refuse(txnr, 'an open that does not offer syslog')
    this.#state = 'open'
    this.#resends.add(this)
    this.#next = after(txnr)
    this.#answer(txnr, `200 OK\n${OFFERS}`)
  }

  /** The repeat of a number that is still unanswered is left out: some senders repeat what waits for long. */
  #record (bytes: Buffer, { txnr, dataAt, end, isWhole }: Frame, received: Received): boolean {
    if (txnr !== this.#next) {
      if (this.#isUnanswered(txnr)) return true
      this.#refuse(txnr, `number ${txnr}, where ${this.#next} comes next`)
    }
    if (isWhole && this.#recognition.matches(bytes, dataAt, end)) {
      this.#next = after(txnr)
      if (this.#recognition.found === undefined) this.repeatedStored()
      else this.#adopt(this.#recognition.found)
      return true
    }
    if (!this.#takeBack(received) || !received.takes(end - dataAt)) return false
    this.#next = after(txnr)
    const later = this.#times.count(bytes, dataAt, end)
    if (!isWhole) this.#counts.faults++
    this.unanswered.set(txnr, received[isWhole ? 'add' : 'addCut'](bytes, dataAt, end, later, this, txnr))
    return true
  }

  #isUnanswered (txnr: number): boolean {
    const earlier = distance(txnr, this.#next)
    return this.unanswered.has(txnr) || (txnr > 0 && earlier > 0 && earlier <= this.#recognition.matched.length)
  }

  /** What this connection has repeated is answered over it from now on. */
  #adopt (sender: RelpSession): void {
    const held = this.#recognition.matched.splice(0)
    this.#counts.recognised += held.length
    this.#times = sender.surrender()
    let txnr = before(this.#next, held.length)
    for (const one of held) {
      if (one.stored) this.#answer(txnr, '200 OK')
      else {
        one.owners.push([this, txnr])
        this.unanswered.set(txnr, one)
      }
      txnr = after(txnr)
    }
  }

  /** Takes as new what seemed to be repeated. Returns whether there was room for all of it. */
  #takeBack (received: Received): boolean {
    const { matched } = this.#recognition
    if (matched.length === 0) return true
    this.#recognition.decided = true
    let txnr = before(this.#next, matched.length)
    for (let one = matched[0]; one !== undefined; [one] = matched, txnr = after(txnr)) {
      const { message, start, end } = one
      if (!received.takes(end - start)) return false
      this.unanswered.set(txnr, received.add(message, start, end, this.#times.count(message, start, end), this, txnr))
      matched.shift()
    }
    return true
  }

  #endWhenAnswered (): void {
    if (this.#state !== 'closing' || this.unanswered.size > 0) return
    if (this.#closeTxnr !== undefined) this.#answer(this.#closeTxnr, '200 OK')
    this.#state = 'ended'
    this.#peer.write('0 serverclose 0\n')
    this.#peer.end()
  }

  #answer (txnr: number, text: string): void {
    this.#peer.write(`${txnr} rsp ${text.length} ${text}\n`)
  }

  /** No record is refused so: its sender would drop it. `open` is, and what nobody sends as a record. */
  #refuse (txnr: number, what: string): never {
    if (this.#state === 'new') this.#answer(txnr, `500 ${what}`)
    throw new ProtocolError(what)
  }
}
