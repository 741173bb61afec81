import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { cpuUsage } from '../program/process-usage.ts'
import { freePort } from '../../../src/commands/demo/free-port.ts'
import type { Fate, Receiver, ReceiverOptions } from './receiver.ts'

const RSYSLOGD = '/usr/sbin/rsyslogd'
const LF = 0x0a
const POLL_MS = 100
/** A longer wait would be a defect, not a figure. */
const GIVE_UP_MS = 120_000

/** Says what is missing for rsyslog as a receiver of RELP and of syslog over TLS; '' where nothing is. */
export function rsyslogLacks (folder: string): string {
  const config = join(folder, 'probe.conf')
  for (const [module, packaged] of [['imrelp', 'rsyslog-relp'], ['lmnsd_ossl', 'rsyslog-openssl']]) {
    writeFileSync(config, `module(load="${module}")\naction(type="omfile" file="/dev/null")\n`)
    const { status, stderr } = spawnSync(RSYSLOGD, ['-N1', '-f', config, '-i', join(folder, 'probe.pid')], { encoding: 'utf8' })
    if (status === null) return 'no rsyslogd'
    if (stderr.includes('could not load module')) return packaged
  }
  return ''
}

/** rsyslogd that writes what comes to a file, as its defaults have it. */
export class RsyslogReceiver implements Receiver {
  readonly url: string
  readonly failed: Promise<never>
  readonly #child: ChildProcess
  readonly #file: string
  #closing = false

  private constructor (url: string, child: ChildProcess, file: string) {
    this.url = url
    this.#child = child
    this.#file = file
    this.failed = once(child, 'close').then(async () => {
      if (this.#closing) await new Promise(() => {})
      throw new Error('rsyslogd ended')
    })
    this.failed.catch(() => {}) // an unawaited failure must not crash the bench
    process.once('exit', this.#kill)
  }

  static async start ({ way, folder, certificate }: ReceiverOptions): Promise<RsyslogReceiver> {
    const port = await freePort()
    const [config, file] = [join(folder, 'rsyslog.conf'), join(folder, 'records')]
    rmSync(file, { force: true })
    writeFileSync(config, [
      `global(workDirectory="${folder}" maxMessageSize="64k")`,
      ...(way === 'relp'
        ? ['module(load="imrelp")', `input(type="imrelp" address="127.0.0.1" port="${port}")`]
        : [
            `global(defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${certificate?.cert}" defaultNetstreamDriverCertFile="${certificate?.cert}" defaultNetstreamDriverKeyFile="${certificate?.key}")`,
            'module(load="imtcp" maxSessions="500" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")',
            `input(type="imtcp" address="127.0.0.1" port="${port}")`
          ]),
      `action(type="omfile" file="${file}")`,
      ''
    ].join('\n'))
    const child = spawn(RSYSLOGD, ['-n', '-f', config, '-i', join(folder, 'rsyslogd.pid')], { stdio: 'ignore' })
    return new RsyslogReceiver(`${way}://127.0.0.1:${port}`, child, file)
  }

  cpuMicros (): number {
    return cpuUsage(this.#child.pid as number)?.totalMicros ?? NaN
  }

  /** Counts lines, as each record is one. */
  async reconcile (sent: number): Promise<Fate> {
    const until = performance.now() + GIVE_UP_MS
    let [lines, at] = [0, 0]
    while (lines < sent) {
      if (performance.now() > until) return { missing: sent - lines, doubled: 0 }
      await pause(POLL_MS)
      for await (const bytes of createReadStream(this.#file, { start: at, highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
        at += bytes.length
        for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) lines++
      }
    }
    return { missing: 0, doubled: lines - sent }
  }

  async close (): Promise<void> {
    this.#closing = true
    process.removeListener('exit', this.#kill)
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'close')
      this.#child.kill('SIGKILL')
      await gone
    }
    rmSync(this.#file, { force: true })
  }

  readonly #kill = (): void => { this.#child.kill('SIGKILL') }
}
