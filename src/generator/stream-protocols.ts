import { RelpSession } from './relp-session.ts'
import type { Carrier, Session } from './session.ts'
import { SyslogSession } from './syslog-session.ts'

/** A protocol that carries one record after another over a stream of its own. */
export interface StreamProtocol {
  secure: boolean
  session: (carrier: Carrier) => Session
}

const relp = (carrier: Carrier): Session => new RelpSession(carrier)
const syslog = (carrier: Carrier): Session => new SyslogSession(carrier)

const PROTOCOLS: Readonly<Record<string, StreamProtocol>> = {
  'relp:': { secure: false, session: relp },
  'relps:': { secure: true, session: relp },
  'syslog+tcp:': { secure: false, session: syslog },
  'syslog+tls:': { secure: true, session: syslog }
}

/** The protocol of a URL; undefined where that is AMQP. */
export function streamProtocol (url: string): StreamProtocol | undefined {
  return PROTOCOLS[new URL(url).protocol]
}
