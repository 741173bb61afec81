import { RelpProtocol } from '../../../../src/source/relp/relp-protocol.ts'
import type { RelpSession } from '../../../../src/source/relp/relp-session.ts'
import { HandFed, HandSettled } from '../../../helpers/hand-fed.ts'

export const OPEN = '1 open 30 relp_version=0\ncommands=syslog\n'

export function frame (txnr: number, text: string): string {
  return `${txnr} syslog ${text.length}${text === '' ? '' : ` ${text}`}\n`
}

export class Server extends HandSettled<RelpProtocol> {
  /** The clock, in ms. */
  readonly #clock: { now: number }

  constructor () {
    const clock = { now: 0 }
    super(new RelpProtocol({ maxFrameBytes: 1024, now: () => clock.now }))
    this.#clock = clock
  }

  pass (ms: number): void {
    this.#clock.now += ms
  }
}

export class Connection extends HandFed<RelpSession> {
  constructor (server: Server) {
    super(server, peer => server.protocol.open(peer))
  }

  /** Opens, and sends these records. */
  static sending (server: Server, texts: readonly string[], room?: number): Connection {
    const connection = new Connection(server)
    connection.feed(OPEN + texts.map((text, i) => frame(i + 2, text)).join(''), room)
    return connection
  }

  /** The numbers that were answered with 200, but for that of `open`. */
  get answered (): number[] {
    return [...this.written.matchAll(/(\d+) rsp 6 200 OK\n/g)].map(([, txnr]) => Number(txnr))
  }
}
