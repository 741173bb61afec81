import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { type Program, startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { Authority } from './certificates.ts'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'
import { RSYSLOGD } from './rsyslog-daemon.ts'
import { MARKER, OMRELP } from './rsyslog-sender.ts'

export const BY_RELP = { ...needs({ what: 'rsyslog', probe: ['test', '-x', RSYSLOGD] }, OMRELP, 'openssl'), timeout: 120_000 }
export const PATIENCE_MS = 60_000
const LIVES_MS = 110_000

/** How many records a rsyslog may have unanswered: librelp's window has room for one more after each reconnect. */
export const unanswered = (reconnects: number): number => 128 + reconnects

/** A Loki, and an authority for the Lokeans in front of it and for their senders. */
export class RelpSite {
  readonly authority: Authority
  readonly loki: EmbeddedLoki
  readonly #cleanup: Cleanup

  private constructor (cleanup: Cleanup, home: string, loki: EmbeddedLoki) {
    this.#cleanup = cleanup
    this.authority = new Authority(home)
    this.loki = loki
  }

  static async open (t: TestContext, intercept?: Intercept): Promise<RelpSite> {
    const cleanup = Cleanup.of(t)
    const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept })
    cleanup.add(loki.close)
    return new RelpSite(cleanup, folder(t), loki)
  }

  /** Resolves when it listens. */
  async lokean (port: number, { cert, key } = this.authority.issue('lokean')): Promise<Program> {
    const lokean = startRun(this.#cleanup, {
      LOKEAN_LISTEN: `relps://127.0.0.1:${port}`,
      LOKEAN_LISTEN_CERT: cert,
      LOKEAN_LISTEN_KEY: key,
      LOKEAN_LOKI_URL: this.loki.url
    }, [], LIVES_MS)
    await lokean.admin()
    return lokean
  }

  get stored (): number { return this.loki.store.countIds(MARKER).distinct }

  async allStored (sent: number): Promise<void> {
    await until(`${sent} records are stored`, () => this.stored >= sent, PATIENCE_MS)
  }

  /** Each record is stored by its number, none is put aside, and so many at most are stored twice. */
  reconcile (sent: number, { twice = 0 } = {}): void {
    const { distinct, missing, firstMissing, repeated, quarantined } = this.loki.store.countIds(MARKER, { expected: sent })
    assert.deepEqual({ distinct, missing, firstMissing, quarantined }, { distinct: sent, missing: 0, firstMissing: [], quarantined: 0 })
    assert.ok(repeated <= twice, `${repeated} are twice in the store, and ${twice} may be`)
  }
}

/** Resolves when a counter of one series has come so far. */
export async function counted (lokean: Program, name: string, atLeast: number): Promise<void> {
  const series = new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm')
  const end = performance.now() + PATIENCE_MS
  for (let value = 0; value < atLeast;) {
    assert.ok(performance.now() < end, `waited in vain until ${name} was ${atLeast}; it is ${value}`)
    await pause(10)
    value = Number(series.exec((await lokean.ask('/metrics')).body)?.[1] ?? 0)
  }
}
