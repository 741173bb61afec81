import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Need } from './needs.ts'
import { folder, freePorts, PeerProcess } from './peer-process.ts'

/**
 * Where Debian's package is unpacked, by default the system itself. It cannot be installed beside rsyslog, as each is
 * a system's only log daemon.
 */
const ROOT = process.env.LOKEAN_TEST_SYSLOG_NG ?? ''
const PROGRAM = join(ROOT, '/usr/sbin/syslog-ng')
const LIBRARIES = join(ROOT, '/usr/lib/syslog-ng')

export const SYSLOG_NG: Need = { what: 'syslog-ng-core', probe: ['test', '-x', PROGRAM] }

/** A real syslog-ng, which relays what comes to the destinations of its configuration. */
export class SyslogNg {
  readonly #port: number

  private constructor (port: number) { this.#port = port }

  /** `destinations`: what comes from a host of this name goes there. */
  static async start (t: TestContext, destinations: Readonly<Record<string, string>>): Promise<SyslogNg> {
    const home = folder(t)
    const [port] = await freePorts(1)
    const config = join(home, 'syslog-ng.conf')
    const version = readdirSync(LIBRARIES).find(name => /^\d+\.\d+$/.test(name)) ?? assert.fail(`no modules in ${LIBRARIES}`)
    writeFileSync(config, [
      `@version: ${version}`,
      'options { keep-hostname(yes); use-dns(no); stats-freq(0); };',
      `source in { syslog(ip("127.0.0.1") port(${port}) transport("tcp")); };`,
      ...Object.entries(destinations).map(([host, driver]) =>
        `log { source(in); filter { host("${host}" type(string)); }; destination { ${driver}; }; };`),
      ''
    ].join('\n'))
    const process = await PeerProcess.start(t, PROGRAM, [
      '--foreground', '--stderr', '--no-caps', '--cfgfile', config, '--module-path', join(LIBRARIES, version),
      '--persist-file', join(home, 'persist'), '--pidfile', join(home, 'pid'), '--control', join(home, 'control')
    ], { env: { TZ: 'UTC', LD_LIBRARY_PATH: LIBRARIES } })
    await process.said(/syslog-ng starting up/)
    return new SyslogNg(port)
  }

  /** Gives it these messages of RFC 5424, each with its length in front. */
  async log (messages: readonly string[]): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1')
    socket.resume().end(messages.map(message => `${Buffer.byteLength(message)} ${message}`).join(''))
    await once(socket, 'close')
  }
}
