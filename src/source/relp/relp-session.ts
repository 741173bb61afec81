import { CUT_BYTES, cutRecord, MOST_TIMES_TOO_LONG } from '../delivery/cut.ts'
import { EqualTimes } from '../delivery/equal-times.ts'
import { senderHost } from '../delivery/sender-host.ts'
import { DELIVERY_COST, RECORD_COST, type SyslogDelivery } from '../delivery/syslog-delivery.ts'
import { type Peer, ProtocolError, type Session, type Taken } from '../listener/protocol.ts'
import { type Header, MOST_TXNR, readHeader } from './header.ts'
import { OFFERS, offersCommand } from './offers.ts'

const LF = 0x0a

export interface RelpCounts {
  /** Records that are neither answered nor, where their connection is gone, stored. */
  unanswered: number
  /** Frames that were cut. */
  faults: number
}

/**
 * What comes over a connection of RELP (librelp's doc/relp.html, as rsyslog's omrelp speaks it). A record is answered
 * with 200 when it is stored, and never with anything else: to any other answer, a sender drops the record.
 *
 *     new --open--> open --close, or stop()--> closing --(all records are answered)--> ended
 *      `-----(broken protocol)-------`----------------------------------------------------^
 *
 * The records of one read make one delivery. What was received is stored, also where the connection is gone by then:
 * the sender may have forgotten it.
 */
export class RelpSession implements Session {
  readonly #peer: Peer
  readonly #host: string
  readonly #maxFrameBytes: number
  readonly #delivery: SyslogDelivery
  readonly #counts: RelpCounts
  #times = new EqualTimes()
  #state: 'new' | 'open' | 'closing' | 'ended' = 'new'
  /** The transaction number that comes next, once it is known. */
  #next = 0
  #unanswered = 0
  /** The most that were unanswered at once: the sender's window, as far as is known. */
  #window = 1
  /** The number of the sender's `close`, which is answered last. */
  #closeTxnr: number | undefined
  /** So many bytes of a cut frame are still to come, its LF included. */
  #skip = 0

  constructor (peer: Peer, maxFrameBytes: number, delivery: SyslogDelivery, counts: RelpCounts) {
    this.#peer = peer
    this.#host = senderHost(peer.host)
    this.#maxFrameBytes = maxFrameBytes
    this.#delivery = delivery
    this.#counts = counts
  }

  get fresh (): boolean {
    return this.#state === 'new'
  }

  get full (): boolean {
    return this.#unanswered >= this.#window
  }

  get idle (): boolean {
    return this.#unanswered === 0
  }

  /** Where a frame breaks the protocol, nothing that came with it is delivered: it is unanswered, and comes again. */
  take (bytes: Buffer, room: number): Taken {
    const first = this.#next
    let [at, cost, lacks] = [0, DELIVERY_COST, 'bytes' as Taken['lacks']]
    this.#delivery.begin(this.#host)
    while (this.#state === 'new' || this.#state === 'open') {
      at += this.#skipped(bytes.length - at)
      const header = this.#skip > 0 ? undefined : this.#header(bytes, at)
      if (header === undefined) break
      const length = Math.min(header.length, this.#maxFrameBytes)
      // Behind the data is LF, or the byte that tells whether the cut is within a character.
      if (bytes.length <= header.dataAt + length) break
      const recordCost = header.command === 'syslog' ? RECORD_COST + length + CUT_BYTES : 0
      if (recordCost > 0 && cost + recordCost > room) {
        lacks = 'room'
        break
      }
      at = this.#frame(bytes, header, length)
      cost += recordCost
    }
    if (this.#state === 'closing' || this.#state === 'ended') at = bytes.length
    this.#deliver(first, cost)
    this.#endWhenAnswered()
    return { taken: at, lacks }
  }

  /** A frame that has not come whole is dropped. It comes again. */
  ended (): void {
    if (this.#state !== 'ended') this.#state = 'closing'
    this.#endWhenAnswered()
  }

  lost (): void {
    this.#state = 'ended'
  }

  stop (): void {
    this.ended()
  }

  #skipped (most: number): number {
    const skipped = Math.min(this.#skip, most)
    this.#skip -= skipped
    return skipped
  }

  #header (bytes: Buffer, at: number): Header | undefined {
    if (at === bytes.length) return undefined
    const header = this.#checked(() => readHeader(bytes, at))
    if (header !== undefined && header.length > MOST_TIMES_TOO_LONG * this.#maxFrameBytes) {
      this.#refuse(header.txnr, `a frame of ${header.length} bytes: LOKEAN_LISTEN_MAX_FRAME_BYTES is ${this.#maxFrameBytes}`)
    }
    return header
  }

  /** Takes the frame, whose data is here as far as it is kept. Returns where the next one begins. */
  #frame (bytes: Buffer, header: Header, length: number): number {
    const { txnr, command, dataAt } = header
    const end = dataAt + length
    if (length === header.length && bytes[end] !== LF) this.#refuse(txnr, 'a frame without LF behind its data')
    if (command === 'open') this.#open(header, bytes.toString('latin1', dataAt, end))
    else if (this.#state === 'new') this.#refuse(txnr, `${command} in front of open`)
    else if (command === 'syslog') this.#record(bytes, header, end)
    else if (command === 'close') {
      this.#closeTxnr = txnr
      this.#state = 'closing'
    } else this.#refuse(txnr, `the command ${command}, which was not offered`)
    if (length === header.length) return end + 1
    this.#skip = header.length - length + 1
    return end
  }

  #open ({ txnr }: Header, offers: string): void {
    if (this.#state !== 'new') this.#refuse(txnr, 'a second open')
    if (!offersCommand(offers, 'syslog')) this.#refuse(txnr, 'an open that does not offer syslog')
    this.#state = 'open'
    this.#next = after(txnr)
    this.#answer(txnr, `200 OK\n${OFFERS}`)
  }

  /** The repeat of a number that is still unanswered is left out: some senders repeat what waits for long. */
  #record (bytes: Buffer, { txnr, length, dataAt }: Header, end: number): void {
    if (txnr !== this.#next) {
      if (this.#isUnanswered(txnr)) return
      this.#refuse(txnr, `number ${txnr}, where ${this.#next} comes next`)
    }
    this.#next = after(txnr)
    const later = this.#times.count(bytes, dataAt, end)
    if (dataAt + length === end) this.#delivery.add(bytes, dataAt, end, later)
    else {
      this.#counts.faults++
      const cut = cutRecord(bytes, dataAt, this.#maxFrameBytes)
      this.#delivery.add(cut, 0, cut.length, later)
    }
  }

  /** Numbers are answered in any order, but the last ones are those that can be unanswered. */
  #isUnanswered (txnr: number): boolean {
    const behind = (this.#next - txnr + MOST_TXNR) % MOST_TXNR
    return txnr > 0 && behind <= this.#unanswered + this.#delivery.records
  }

  #deliver (first: number, cost: number): void {
    const { records } = this.#delivery
    if (records === 0) return
    // Behind an open, the first number is one that this read has brought.
    const from = first === 0 ? before(this.#next, records) : first
    this.#unanswered += records
    this.#counts.unanswered += records
    this.#window = Math.max(this.#window, this.#unanswered)
    this.#peer.deliver(this.#delivery.message, cost, () => this.#settled(from, records))
  }

  #settled (first: number, records: number): void {
    this.#unanswered -= records
    this.#counts.unanswered -= records
    if (this.#state === 'ended') return
    for (let i = 0, txnr = first; i < records; i++, txnr = after(txnr)) this.#answer(txnr, '200 OK')
    if (this.#unanswered === 0) this.#times = new EqualTimes()
    this.#endWhenAnswered()
  }

  #endWhenAnswered (): void {
    if (this.#state !== 'closing' || this.#unanswered > 0) return
    if (this.#closeTxnr !== undefined) this.#answer(this.#closeTxnr, '200 OK')
    this.#end()
  }

  #answer (txnr: number, text: string): void {
    this.#peer.write(`${txnr} rsp ${text.length} ${text}\n`)
  }

  #end (): void {
    this.#state = 'ended'
    this.#peer.write('0 serverclose 0\n')
    this.#peer.end()
  }

  #checked<T> (read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (this.#state === 'open') this.#peer.write('0 serverclose 0\n')
      this.#state = 'ended'
      throw error
    }
  }

  /** No record is refused so: its sender would drop it. `open` is, and what nobody sends as a record. */
  #refuse (txnr: number, what: string): never {
    if (this.#state === 'new') this.#answer(txnr, `500 ${what}`)
    this.#peer.write('0 serverclose 0\n')
    this.#state = 'ended'
    throw new ProtocolError(what)
  }
}

function after (txnr: number): number {
  return txnr === MOST_TXNR ? 1 : txnr + 1
}

function before (txnr: number, count: number): number {
  return (txnr - 1 - count + MOST_TXNR) % MOST_TXNR + 1
}
