import type { Logger } from '../../log.ts'
import { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { Protocol } from '../listener/protocol.ts'
import { Seldom } from '../listener/seldom.ts'
import type { FrameFault } from './frames.ts'
import { SyslogSession } from './syslog-session.ts'

interface Options {
  /** The listener's name in messages. */
  address: string
  /** The longest record, in bytes. */
  maxFrameBytes: number
  log: Logger
}

/** What other protocols begin with: TLS, HTTP, a PROXY header, AMQP, RELP. */
const OTHERS = /^(?:\x16\x03|(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PRI) [/*]|PROXY |\r\n\r\n\0\r\nQUIT\n|AMQP|[1-9]\d{0,8} open )/
/** What they may still become when more comes. */
const MAYBE = /^(?:\x16|[A-Z]{1,7} ?|\d{1,9}(?: (?:o(?:p(?:en?)?)?)?)?|[xz(]|\r[\r\n\0QUIT]*)$/
const MOST_FIRST_BYTES = 16

const FAULTS: Readonly<Record<FrameFault, string>> = {
  cut: 'a record is longer than LOKEAN_LISTEN_MAX_FRAME_BYTES: it is cut, and marked',
  short: 'a connection ended within a record that counts its octets: what came of it is dropped',
  inflate: 'a compressed record cannot be inflated, or is too long then: it is left out, and a note stands in its place'
}

/**
 * Syslog over TCP and TLS. Nothing is acknowledged: what a sender has written and this process has not read is lost
 * with the connection, and what it has read is lost when it dies. Nothing is read that has no room, so TCP holds its
 * senders back.
 */
export class SyslogProtocol implements Protocol {
  readonly name = 'syslog'
  readonly format = 'syslog'
  readonly promise = 'nothing that comes this way is acknowledged'
  readonly readsAtStop = true
  readonly unanswered = 0
  /** Frames that were cut, short, or could not be inflated. */
  faults = 0
  readonly #options: Options
  readonly #seldom = new Seldom()
  /** All connections write theirs into this, one after the other. */
  readonly #delivery = new SyslogDelivery()

  constructor (options: Options) {
    this.#options = options
  }

  begins (bytes: Buffer): boolean | undefined {
    const text = bytes.toString('latin1', 0, MOST_FIRST_BYTES)
    if (OTHERS.test(text)) return false
    return MAYBE.test(text) ? undefined : true
  }

  open (peer: Parameters<Protocol['open']>[0]): SyslogSession {
    const { address, maxFrameBytes, log } = this.#options
    return new SyslogSession(peer, maxFrameBytes, this.#delivery, fault => {
      this.faults++
      this.#seldom.tell(fault, untold => log.warn(
        { listen: address, peer: peer.host, ...(untold > 0 ? { untold } : {}) }, FAULTS[fault]
      ))
    })
  }
}
