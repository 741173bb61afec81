import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { type EmbeddedLoki, startLoki } from '../../../src/embedded/loki/server.ts'
import type { Cleanup } from '../../helpers/cleanup.ts'
import { type Program, startRun } from '../../helpers/program.ts'
import { Gate } from '../../process/gate.ts'
import { type BrokerSettings, ProtonBroker } from './broker.ts'

/** The real program between a Proton broker and an embedded Loki. */
export interface Site { broker: ProtonBroker, loki: EmbeddedLoki, gate: Gate, run: Program }

/** The broker listens, and the program has just started. `env` gets the broker, to read its URL. */
export async function site (
  cleanup: Cleanup, settings: BrokerSettings = {}, env: (broker: ProtonBroker) => Record<string, string> = () => ({})
): Promise<Site> {
  const gate = new Gate()
  const loki = await unlimitedLoki(cleanup, gate.intercept)
  cleanup.add(() => { gate.open() })
  const broker = await ProtonBroker.start(cleanup, settings)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: broker.url, LOKEAN_LOKI_URL: loki.url, ...env(broker) })
  return { broker, loki, gate, run }
}

export async function unlimitedLoki (cleanup: Cleanup, intercept?: Gate['intercept']): Promise<EmbeddedLoki> {
  const loki = await startLoki({ intercept, limits: { rateBytes: Infinity, burstBytes: Infinity } })
  cleanup.add(async () => { await loki.close() })
  return loki
}

/** Resolves with the bus's detail in `/readyz`, as soon as its status is this. */
export async function readyz (run: Program, status: 200 | 503): Promise<string> {
  let answer = await run.ask('/readyz')
  for (let asked = 0; answer.status !== status && asked < 200; asked++) {
    await pause(50)
    answer = await run.ask('/readyz')
  }
  assert.equal(answer.status, status, answer.body)
  return (JSON.parse(answer.body) as { checks: { bus: { detail: string } } }).checks.bus.detail
}
