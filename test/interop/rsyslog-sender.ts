import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { folder, freePorts, PeerProcess } from './peer-process.ts'
import { accepts, deployed, here, RSYSLOGD, swapped } from './rsyslog-daemon.ts'
import type { Need } from './needs.ts'

/** Where rsyslogd looks for its modules. The variable is rsyslogd's own. */
const MODULES = process.env.RSYSLOG_MODDIR ?? '/usr/lib/*/rsyslog'

export const OMRELP: Need = { what: 'rsyslog-relp', probe: ['sh', '-c', `test -e ${MODULES}/omrelp.so`] }
export const OSSL: Need = { what: 'rsyslog-openssl', probe: ['sh', '-c', `test -e ${MODULES}/lmnsd_ossl.so`] }

/** The generator of these records. It stands in front of a record's number, which ends its line. */
export const MARKER = ' id='

export interface SenderOptions {
  /** The way out, of deploy/rsyslog. */
  conf: 'relp.conf' | 'syslog-tls.conf'
  port: number
  ca: string
  /** Changes to the configuration beside where it sends. */
  swaps?: ReadonlyArray<readonly [RegExp, string]>
}

/** A real rsyslogd that sends to Lokean as deploy/rsyslog has it, over TLS, with its queue on the disk. */
export class RsyslogSender {
  readonly home: string
  readonly #t: TestContext
  readonly #port: number
  #process!: PeerProcess
  #next = 0

  private constructor (t: TestContext, home: string, port: number) {
    this.#t = t
    this.home = home
    this.#port = port
  }

  static async start (t: TestContext, { conf, port, ca, swaps = [] }: SenderOptions): Promise<RsyslogSender> {
    const home = folder(t)
    const [input] = await freePorts(1)
    const text = swapped(here(home, deployed(conf)), [
      [/target="[^"]+" port="\d+"/, `target="127.0.0.1" port="${port}"`],
      [/(tls\.permittedPeer=\[|StreamDriverPermittedPeers=)"[^"]+"/, '$1"localhost"'],
      [/\/etc\/pki\/rsyslog\/lokean-ca\.crt/, ca],
      // Else a test would wait for the next try.
      [/action\.resumeInterval="\d+"/, 'action.resumeInterval="1"'],
      ...swaps
    ])
    writeFileSync(join(home, 'rsyslog.conf'), `${text}
      module(load="imtcp")
      input(type="imtcp" address="127.0.0.1" port="${input}" ruleset="lokean")
    `)
    const sender = new RsyslogSender(t, home, input)
    await sender.run()
    return sender
  }

  /** Starts it, or starts it again in the same folder. */
  async run (): Promise<void> {
    const { RSYSLOG_MODDIR } = process.env
    const args = ['-n', '-f', join(this.home, 'rsyslog.conf'), '-i', join(this.home, 'pid')]
    this.#process = await PeerProcess.start(this.#t, RSYSLOGD, args, {
      env: { TZ: 'UTC', ...(RSYSLOG_MODDIR === undefined ? {} : { RSYSLOG_MODDIR }) }
    })
    for (let listening = false; !listening;) listening = await accepts(this.#port)
  }

  /** By SIGTERM it ends in order, and keeps what it has on the disk. */
  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process.stop(signal)
  }

  /** Gives it so many more numbered records. Resolves when it has read them. */
  async log (count: number): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1')
    const frames: string[] = []
    for (const end = this.#next + count; this.#next < end; this.#next++) {
      const message = `<30>1 ${new Date().toISOString()} host${this.#next % 5} app - - - a line of a program, neither short nor long,${MARKER}${this.#next}`
      frames.push(`${message.length} ${message}`)
    }
    socket.resume()
    socket.end(frames.join(''))
    await once(socket, 'close')
  }
}
