import { EqualTimes } from '../delivery/equal-times.ts'
import { senderHost } from '../delivery/sender-host.ts'
import { type Peer, ProtocolError, type Session, type Taken } from '../listener/protocol.ts'
import { type Frame, Frames } from './frames.ts'
import type { Carrier, Held } from './held.ts'
import { NOBODY } from './nobody.ts'
import { OFFERS, offersCommand } from './offers.ts'
import { Received } from './received.ts'
import { Recognition } from './recognition.ts'
import type { Predecessor } from './resends.ts'
import type { RelpShared } from './shared.ts'
import { after, before, distance } from './txnr.ts'
import { Unanswered } from './unanswered.ts'

/**
 * What comes over a connection of RELP (librelp's doc/relp.html, as rsyslog's omrelp speaks it). A record is answered
 * with 200 when it is stored, and never with anything else: to any other answer, a sender drops the record.
 *
 *     new --open--> open --close, or stop()--> closing --(all records are answered)--> ended
 *      `-----(broken protocol)-------`----------------------------------------------------^
 *
 * The records of one read make one delivery. What was received is stored, also where the connection is gone by then:
 * the sender may have forgotten it. What comes again is recognised (Recognition), also without room. The connection
 * answers it over which it came last.
 */
export class RelpSession implements Session, Carrier, Predecessor {
  readonly #host: string
  readonly #shared: RelpShared
  readonly #frames: Frames
  readonly #recognition: Recognition
  /** When the connection has gone, those that are stored since then stay. */
  readonly unanswered = new Unanswered()
  superseded = false
  #peer: Peer
  #times = new EqualTimes()
  #state: 'new' | 'open' | 'closing' | 'ended' = 'new'
  /** The transaction number that comes next, once it is known. */
  #next = 0
  /** The most that were unanswered at once: the sender's window, as far as is known. */
  #window = 1
  /** The number of the sender's `close`, which is answered last. */
  #closeTxnr: number | undefined

  constructor (peer: Peer, shared: RelpShared) {
    this.#peer = peer
    this.#host = senderHost(peer.host)
    this.#shared = shared
    this.#frames = new Frames(shared.maxFrameBytes)
    this.#recognition = new Recognition(shared.resends, this)
  }

  get fresh (): boolean {
    return this.#state === 'new' || (this.#state === 'open' && this.#recognition.state === 'comparing')
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
    const received = new Received(this.#shared.delivery, this.#host, room)
    let [at, lacks] = [0, 'bytes' as Taken['lacks']]
    try {
      while (lacks === 'bytes' && (this.#state === 'new' || this.#state === 'open')) {
        at = this.#frames.start(bytes, at)
        const frame = this.#frames.read(bytes, at)
        if (frame === undefined) break
        if (this.#frame(frame, received)) at = this.#frames.take(frame)
        else lacks = 'room'
      }
    } catch (error) {
      for (const { txnr } of received.held) this.unanswered.delete(txnr)
      if (this.#state === 'open') this.#peer.write('0 serverclose 0\n')
      this.#state = 'ended'
      throw error
    }
    if (this.#state === 'closing' || this.#state === 'ended') at = bytes.length
    this.#window = Math.max(this.#window, this.unanswered.size)
    received.deliver(this.#peer, this.#shared.counts)
    this.#endWhenAnswered()
    return { taken: at, lacks }
  }

  stop (): void {
    if (this.#state !== 'ended') this.#state = 'closing'
    this.#endWhenAnswered()
  }

  /** A frame that has not come whole is dropped. It comes again, and so does what was repeated in part. */
  ended (): void {
    this.#recognition.end()
    this.stop()
  }

  lost (): void {
    this.#recognition.end()
    this.#state = 'ended'
    this.#peer = NOBODY
    if (!this.mayBeDead || this.unanswered.size === 0) this.#shared.resends.delete(this)
  }

  stored (held: Held): void {
    if (this.#state === 'ended' && this.#shared.resends.keep(this, held)) return
    this.unanswered.delete(held.txnr)
    if (this.#state === 'ended') return
    this.#answer(held.txnr, '200 OK')
    if (this.unanswered.size === 0) this.#times.forget()
    this.#endWhenAnswered()
  }

  repeatedStored (): void {
    const { matched, state } = this.#recognition
    if (this.#state === 'ended' || state !== 'comparing') return
    for (let [one] = matched; one?.stored === true; [one] = matched) {
      this.#answer(before(this.#next, matched.length), '200 OK')
      this.#shared.counts.recognised++
      matched.shift()
      one.owner.answeredElsewhere(one)
    }
    this.#endWhenAnswered()
  }

  answeredElsewhere ({ txnr }: Held): void {
    this.unanswered.delete(txnr)
  }

  /** Its records have all come again, and what is not read will. Returns what is counted of their times. */
  surrender (): EqualTimes {
    this.#shared.resends.delete(this)
    this.superseded = true
    this.#state = 'ended'
    this.#peer.end()
    return this.#times
  }

  /** Returns whether there was room for the frame. */
  #frame (frame: Frame, received: Received): boolean {
    const { txnr, command } = frame
    if (command === 'open') this.#open(frame)
    else if (this.#state === 'new') this.#refuse(txnr, `${command} in front of open`)
    else if (command === 'syslog') return this.#record(frame, received)
    else if (command !== 'close') this.#refuse(txnr, `the command ${command}, which was not offered`)
    else if (!this.#takeBack(received)) return false
    else {
      this.#closeTxnr = txnr
      this.#state = 'closing'
    }
    return true
  }

  #open ({ txnr, bytes, start, end }: Frame): void {
    if (this.#state !== 'new') this.#refuse(txnr, 'a second open')
    if (!offersCommand(bytes.toString('latin1', start, end), 'syslog')) this.#refuse(txnr, 'an open that does not offer syslog')
    this.#state = 'open'
    this.#shared.resends.add(this)
    this.#next = after(txnr)
    this.#answer(txnr, `200 OK\n${OFFERS}`)
  }

  /** The repeat of a number that is still unanswered is left out: some senders repeat what waits for long. */
  #record ({ txnr, bytes, start, end, isCut }: Frame, received: Received): boolean {
    if (txnr !== this.#next) {
      if (this.#isUnanswered(txnr)) return true
      this.#refuse(txnr, `number ${txnr}, where ${this.#next} comes next`)
    }
    if (this.#recognition.matches(bytes, start, end)) {
      this.#next = after(txnr)
      this.#adopt()
      return true
    }
    if (!this.#takeBack(received) || !received.takes(end - start)) return false
    this.#next = after(txnr)
    if (isCut) this.#shared.counts.faults++
    if (this.#shared.resends.mayBeAgain(bytes, start, end)) received.redelivered = true
    this.unanswered.add(received.add(bytes, start, end, this.#times.count(bytes, start, end), this, txnr))
    return true
  }

  #isUnanswered (txnr: number): boolean {
    const earlier = distance(txnr, this.#next)
    return this.unanswered.has(txnr) || (txnr > 0 && earlier > 0 && earlier <= this.#recognition.matched.length)
  }

  /** Where all of another connection's records have come again, they are answered over this one from now on. */
  #adopt (): void {
    const found = this.#recognition.found()
    if (found === undefined) return this.repeatedStored()
    this.#times = found.sender.surrender()
    this.#shared.counts.recognised += found.held.length
    let txnr = before(this.#next, found.held.length)
    for (const one of found.held) {
      if (one.stored) this.#answer(txnr, '200 OK')
      else {
        one.owner = this
        one.txnr = txnr
        this.unanswered.add(one)
      }
      txnr = after(txnr)
    }
  }

  /** Takes as new what seemed to be repeated. Returns whether there was room for all of it. */
  #takeBack (received: Received): boolean {
    if (this.#recognition.state === 'over') return true
    const matched = this.#recognition.takeBack()
    for (let [one] = matched; one !== undefined; [one] = matched) {
      const { message, start, end } = one
      if (!received.takes(end - start)) return false
      const txnr = before(this.#next, matched.length)
      this.unanswered.add(received.add(message, start, end, this.#times.count(message, start, end), this, txnr))
      matched.shift()
    }
    this.#recognition.end()
    return true
  }

  /** What is to be taken back and has found no room comes again. */
  #endWhenAnswered (): void {
    if (this.#state !== 'closing' || !(this.idle || (this.unanswered.size === 0 && this.#recognition.state === 'new'))) return
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
    if (this.#state === 'new') {
      this.#answer(txnr, `500 ${what}`)
      this.#peer.write('0 serverclose 0\n')
    }
    throw new ProtocolError(what)
  }
}
