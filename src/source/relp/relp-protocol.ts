import { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { Peer, Protocol } from '../listener/protocol.ts'
import type { RelpCounts } from './counts.ts'
import { RelpSession } from './relp-session.ts'
import { Resends } from './resends.ts'

/** The head of a first frame, and what may still become one. */
const BEGINS = /^\d{1,9} [a-z]/
const MAY_BEGIN = /^\d{1,9} ?$/
const MOST_FIRST_BYTES = 16

/** RELP: each record is answered when it is stored, and what is unanswered comes again over the next connection. */
export class RelpProtocol implements Protocol {
  readonly name = 'relp'
  readonly format = 'syslog'
  readonly promise = 'each record is acknowledged when it is stored'
  /** What is not read is not answered, and comes again. */
  readonly readsAtStop = false
  readonly #maxFrameBytes: number
  readonly #counts: RelpCounts = { unanswered: 0, faults: 0, recognised: 0 }
  readonly #resends = new Resends<RelpSession>()
  /** All connections write theirs into this, one after the other. */
  readonly #delivery = new SyslogDelivery()

  constructor ({ maxFrameBytes }: { maxFrameBytes: number }) {
    this.#maxFrameBytes = maxFrameBytes
  }

  get unanswered (): number {
    return this.#counts.unanswered
  }

  get faults (): number {
    return this.#counts.faults
  }

  get recognised (): number {
    return this.#counts.recognised
  }

  begins (bytes: Buffer): boolean | undefined {
    const text = bytes.toString('latin1', 0, MOST_FIRST_BYTES)
    if (BEGINS.test(text)) return true
    return MAY_BEGIN.test(text) ? undefined : false
  }

  open (peer: Peer): RelpSession {
    return new RelpSession(peer, this.#maxFrameBytes, this.#delivery, this.#counts, this.#resends)
  }
}
