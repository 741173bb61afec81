import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { folder, freePorts, PeerProcess } from './peer-process.ts'

export const RSYSLOGD = '/usr/sbin/rsyslogd'

/** Parameters of omamqp1's action only. */
const OF_OMAMQP1 = /\s(?:host|target|idleTimeout|reconnectDelay)="[^"]*"/g

/** Returns the configuration that the page of senders recommends. */
export function recommended (): string {
  const block = /^## rsyslog\n[^`]*```text\n([^]*?)```$/m.exec(readFileSync('deploy/rsyslog/README.md', 'utf8'))
  assert.ok(block !== null, 'the page has a configuration for rsyslog')
  return block[1]
}

/** Joins parts of deploy/rsyslog below a `workDirectory`, as in a distribution's rsyslog.conf. */
export function deployed (...parts: string[]): string {
  return ['global(workDirectory="/var/lib/rsyslog")', ...parts.map(part => readFileSync(join('deploy/rsyslog', part), 'utf8'))].join('\n')
}

/**
 * Changes a configuration, by default the recommended one, so that it runs here. Debian has no package of omamqp1, so
 * omfile replaces its action, with the same template, queue and retries. All files lie in `home`.
 */
export function adapted (home: string, text = recommended()): string {
  return here(home, swapped(text, [
    [/module\(load="omamqp1"\)\n/, ''],
    [
      /action\(type="omamqp1"[^]*?\)/,
      action => action.replace(OF_OMAMQP1, '').replace('type="omamqp1"', `type="omfile" file="${join(home, 'records')}"`)
    ]
  ]))
}

/** Changes a configuration so that all of its files lie in `home`. */
export function here (home: string, text: string): string {
  return swapped(text, [[/workDirectory="[^"]*"/, `workDirectory="${home}"`]]).replaceAll('"/var/log/', `"${home}/log/`)
}

type Swap = readonly [RegExp, string | ((found: string) => string)]

/** Replaces each pattern, which must be there. */
export function swapped (text: string, swaps: readonly Swap[]): string {
  return swaps.reduce((text, [pattern, by]) => {
    assert.match(text, pattern)
    return text.replace(pattern, by as string)
  }, text)
}

/** Returns rsyslogd's complaints about a configuration, or ''. */
export async function complaints (t: TestContext, config: (home: string) => string): Promise<string> {
  const home = folder(t)
  mkdirSync(join(home, 'log', 'containers', 'nova'), { recursive: true })
  writeFileSync(join(home, 'rsyslog.conf'), config(home))
  const { stdout, stderr } = await promisify(execFile)(RSYSLOGD, ['-N1', '-f', join(home, 'rsyslog.conf'), '-i', join(home, 'pid')])
    .catch((error: { stdout: string, stderr: string }) => error)
  return `${stdout}${stderr}`.split('\n').filter(line => !/^$|version .*config validation run|End of config validation run/.test(line))
    .join('\n')
}

/** Whether a port accepts connections. rsyslogd opens all other inputs before the one for TCP. */
export async function accepts (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const accepted = await once(socket, 'connect').then(() => true, () => false)
  socket.destroy()
  return accepted
}

/** A real rsyslogd with the recommended configuration and every input that works without a system around it. */
export class Rsyslog {
  readonly home: string
  readonly #udp: number
  readonly #tcp: number

  private constructor (home: string, udp: number, tcp: number) {
    this.home = home
    this.#udp = udp
    this.#tcp = tcp
  }

  /** `more` goes in front of the configuration, by default the recommended one. */
  static async start (t: TestContext, more = '', text = recommended()): Promise<Rsyslog> {
    const home = folder(t)
    const [udp, tcp] = await freePorts(2)
    mkdirSync(join(home, 'log', 'containers', 'nova'), { recursive: true })
    writeFileSync(join(home, 'rsyslog.conf'), `${more}
      module(load="imudp")
      module(load="imtcp")
      module(load="imuxsock" SysSock.Use="off")
      ${adapted(home, text)}
      input(type="imudp" address="127.0.0.1" port="${udp}")
      input(type="imtcp" address="127.0.0.1" port="${tcp}")
      input(type="imuxsock" Socket="${join(home, 'socket')}")
    `)
    await PeerProcess.start(t, RSYSLOGD, ['-n', '-f', join(home, 'rsyslog.conf'), '-i', join(home, 'pid')], { env: { TZ: 'UTC' } })
    const rsyslog = new Rsyslog(home, udp, tcp)
    for (let listening = false; !listening;) listening = await accepts(tcp)
    return rsyslog
  }

  /** Sends the message as one datagram. */
  async datagram (message: Uint8Array): Promise<void> {
    const socket = createSocket('udp4')
    await new Promise<void>((
      resolve, reject
    ) => { socket.send(message, this.#udp, '127.0.0.1', error => { error === null ? resolve() : reject(error) }) })
    socket.close()
    await once(socket, 'close')
  }

  /** Sends the message over TCP with a count of its octets (RFC 6587, 3.4.1), so that it may hold any byte. */
  async stream (message: Uint8Array): Promise<void> {
    const socket = connect(this.#tcp, '127.0.0.1')
    socket.end(Buffer.concat([Buffer.from(`${message.length} `), message]))
    socket.resume()
    await once(socket, 'close')
  }

  /** Appends a line to nova's container log, or to a log in another folder, which may not exist yet. */
  append (name: string, line: string, folder = 'containers/nova'): void {
    mkdirSync(join(this.home, 'log', folder), { recursive: true })
    appendFileSync(join(this.home, 'log', folder, name), `${line}\n`)
  }

  /** Logs as a local program does. */
  async local (tag: string, message: string): Promise<void> {
    await promisify(execFile)('logger', [
      '--socket', join(this.home, 'socket'), '--priority', 'daemon.err', '--tag', tag, '--id=4242', '--', message
    ])
  }

  /** Returns what the template has written so far. Each record ends in a newline, as for omamqp1. */
  records (): Buffer[] {
    let bytes: Buffer
    try {
      bytes = readFileSync(join(this.home, 'records'))
    } catch {
      return []
    }
    const records: Buffer[] = []
    for (let start = 0, end = bytes.indexOf('\n'); end >= 0; start = end + 1, end = bytes.indexOf('\n', start)) {
      records.push(bytes.subarray(start, end + 1))
    }
    return records
  }
}
