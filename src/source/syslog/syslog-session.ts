import { EqualTimes } from '../delivery/equal-times.ts'
import { senderHost } from '../delivery/sender-host.ts'
import { DELIVERY_COST, RECORD_COST, type SyslogDelivery } from '../delivery/syslog-delivery.ts'
import { type Peer, ProtocolError, type Session, type Taken } from '../listener/protocol.ts'
import { type FrameFault, SyslogFrames } from './frames.ts'
import { streamCompression } from './inflate.ts'

/** What comes over a connection of syslog. The records of one read make one delivery. */
export class SyslogSession implements Session {
  readonly fresh = false
  /** Who waits for no answer can always send more. */
  readonly full = false
  /** What is on its way would be lost. */
  readonly idle = false
  readonly #peer: Peer
  readonly #host: string
  readonly #frames: SyslogFrames
  readonly #delivery: SyslogDelivery
  readonly #fault: (fault: FrameFault) => void
  readonly #times = new EqualTimes()
  #begun = false
  #room = 0
  #cost = 0

  constructor (peer: Peer, maxFrameBytes: number, delivery: SyslogDelivery, fault: (fault: FrameFault) => void) {
    this.#peer = peer
    this.#host = senderHost(peer.host)
    this.#delivery = delivery
    this.#fault = fault
    this.#frames = new SyslogFrames(maxFrameBytes, {
      fits: bytes => this.#cost + RECORD_COST + bytes <= this.#room,
      record: (bytes, start, end) => this.#record(bytes, start, end),
      fault
    })
  }

  take (bytes: Buffer, room: number, last: boolean): Taken {
    if (!this.#begun) {
      const compression = streamCompression(bytes)
      if (compression !== undefined) {
        throw new ProtocolError(`a connection compressed as a whole (${compression}): take compression.mode="stream:always" out of its omfwd action`)
      }
      this.#begun = true
    }
    this.#room = room
    this.#cost = DELIVERY_COST
    this.#delivery.begin(this.#host)
    const taken = this.#frames.take(bytes, last)
    if (this.#delivery.records > 0) this.#peer.deliver(this.#delivery.message, this.#cost)
    return { taken, lacks: this.#frames.lacks }
  }

  /** A frame that counts its octets has not come whole: every other one has. */
  ended (dropped: number): void {
    if (dropped > 0 || this.#frames.isShort) this.#fault('short')
    this.#peer.end()
  }

  lost (): void {}

  stop (): void {}

  #record (bytes: Buffer, start: number, end: number): void {
    this.#cost += RECORD_COST + end - start
    this.#delivery.add(bytes, start, end, this.#times.count(bytes, start, end))
  }
}
