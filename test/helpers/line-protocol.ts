import { type Peer, type Protocol, ProtocolError, type Session, type Taken } from '../../src/source/listener/protocol.ts'

/** The cost of a line beside its bytes. */
export const LINE_COST = 64

/** Lines that end with LF, as the least that a protocol can be. Each is one delivery, and answered by itself and a dot. */
export class LineProtocol implements Protocol {
  readonly name = 'syslog'
  readonly format = 'records'
  readonly promise = 'lines'
  readonly readsAtStop: boolean
  readonly unanswered = 0
  readonly sessions: LineSession[] = []

  constructor (readsAtStop = false) {
    this.readsAtStop = readsAtStop
  }

  begins (bytes: Buffer): boolean {
    return bytes[0] !== 0x16
  }

  open (peer: Peer): LineSession {
    const session = new LineSession(peer)
    this.sessions.push(session)
    return session
  }
}

export class LineSession implements Session {
  readonly peer: Peer
  readonly calls: string[] = []
  fresh = false
  full = false
  idle = true
  #unanswered = 0
  #stopped = false

  constructor (peer: Peer) {
    this.peer = peer
  }

  take (bytes: Buffer, room: number, last: boolean): Taken {
    let at = 0
    let left = room
    for (;;) {
      const end = bytes.indexOf('\n', at)
      if (end < 0) return { taken: at, lacks: 'bytes' }
      const line = bytes.toString('latin1', at, end)
      if (line === 'bad') throw new ProtocolError('a bad line')
      const cost = line.length + LINE_COST
      if (cost > left) return { taken: at, lacks: 'room' }
      left -= cost
      this.#unanswered++
      this.peer.deliver(Buffer.from(line), cost, () => this.#answer(line))
      at = end + 1
      if (last && at === bytes.length) return { taken: at, lacks: 'bytes' }
    }
  }

  ended (dropped: number): void {
    this.calls.push(`ended ${dropped}`)
    this.peer.end()
  }

  lost (): void { this.calls.push('lost') }

  stop (): void {
    this.calls.push('stop')
    this.#stopped = true
    if (this.#unanswered === 0) this.peer.end()
  }

  #answer (line: string): void {
    this.peer.write(`${line}.\n`)
    if (--this.#unanswered === 0 && this.#stopped) this.peer.end()
  }
}
