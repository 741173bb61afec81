import { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { Peer, Protocol } from '../listener/protocol.ts'
import type { RelpCounts } from './counts.ts'
import { RelpSession } from './relp-session.ts'
import { Resends } from './resends.ts'
import type { RelpShared } from './shared.ts'

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
  readonly #counts: RelpCounts = { unanswered: 0, cost: 0, faults: 0, recognised: 0 }
  readonly #shared: RelpShared

  /** `now`: a clock in ms that never goes back. */
  constructor ({ maxFrameBytes, now = () => performance.now() }: { maxFrameBytes: number, now?: () => number }) {
    const counts = this.#counts
    this.#shared = { maxFrameBytes, delivery: new SyslogDelivery(), counts, resends: new Resends(counts, now) }
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
    return new RelpSession(peer, this.#shared)
  }
}
