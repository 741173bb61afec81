import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { until } from '../helpers/until.ts'
import { freePorts } from './peer-process.ts'
import { BY_RELP, counted, PATIENCE_MS, RelpSite, unanswered } from './relp-site.ts'
import { RsyslogSender } from './rsyslog-sender.ts'

test('Lokean is killed twice under load, and started again: nothing is missing, and no more is twice than was unanswered', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const [port] = await freePorts(1)
  const certificate = site.authority.issue('lokean')
  let lokean = await site.lokean(port, certificate)
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca })
  const logged = rsyslog.log(4_000)
  for (const part of [800, 2_000]) {
    await until('a part is stored', () => site.stored >= part, PATIENCE_MS)
    await lokean.stop('SIGKILL')
    lokean = await site.lokean(port, certificate)
  }
  await logged
  await site.allStored(4_000)
  site.reconcile(4_000, { twice: unanswered(0) + unanswered(1) })
  assert.equal((await lokean.stop()).code, 0)
})

/** A Loki that is down until `up` is called. */
function downLoki (): { intercept: Intercept, up: () => void } {
  let isDown = true
  return { intercept: () => isDown ? { kind: 'answer', status: 503 } : undefined, up: () => { isDown = false } }
}

for (const windowSize of [128, 1024]) {
  test(`Loki is down for several of rsyslog's timeouts, with a window of ${windowSize}: its window comes again, and is recognised`, BY_RELP, async t => {
    const { intercept, up } = downLoki()
    const site = await RelpSite.open(t, intercept)
    const [port] = await freePorts(1)
    const lokean = await site.lokean(port)
    const rsyslog = await RsyslogSender.start(t, {
      conf: 'relp.conf', port, ca: site.authority.ca, swaps: [[/timeout="90"/, 'timeout="2"'], [/windowSize="\d+"/, `windowSize="${windowSize}"`]]
    })
    await rsyslog.log(2_000)
    await counted(lokean, 'lokean_listener_recognised_total', 2 * windowSize)
    up()
    await site.allStored(2_000)
    // rsyslog may give its connection up just as the answers come. What they answer comes again: one window at most,
    // which has some room more by now. Without recognition it would be two.
    site.reconcile(2_000, { twice: windowSize + 10 })
    assert.equal((await lokean.stop()).code, 0)
  })
}

test('rsyslog stops while Lokean holds its records: they are stored', BY_RELP, async t => {
  const { intercept, up } = downLoki()
  const site = await RelpSite.open(t, intercept)
  const [port] = await freePorts(1)
  const lokean = await site.lokean(port)
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca })
  await rsyslog.log(100)
  await counted(lokean, 'lokean_records_received_total', 100)
  // It waits for the answer to its close, which comes after those to its records.
  const stopped = rsyslog.stop()
  up()
  await stopped
  await site.allStored(100)
  site.reconcile(100)
  assert.equal((await lokean.stop()).code, 0)
})
