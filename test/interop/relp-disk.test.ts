import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../helpers/until.ts'
import { freePorts } from './peer-process.ts'
import { BY_RELP, PATIENCE_MS, RelpSite, unanswered } from './relp-site.ts'
import { RsyslogSender } from './rsyslog-sender.ts'

/** For a stop that cannot send: what it tries for longer changes nothing. */
const SHORT_STOP = [/queue\.timeoutShutdown="\d+"/, 'queue.timeoutShutdown="500"'] as const

test('rsyslog is restarted under load: it sends what is queued before it stops', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const [port] = await freePorts(1)
  const lokean = await site.lokean(port)
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca })
  await rsyslog.log(2_000)
  await until('a part is stored', () => site.stored >= 200, PATIENCE_MS)
  await rsyslog.stop()
  await rsyslog.run()
  await rsyslog.log(10)
  await site.allStored(2_010)
  site.reconcile(2_010)
  assert.equal((await lokean.stop()).code, 0)
})

test('what is logged while no Lokean is there goes to the disk, and outlasts a restart of rsyslog', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const [port] = await freePorts(1)
  const rsyslog = await RsyslogSender.start(t, {
    conf: 'relp.conf',
    port,
    ca: site.authority.ca,
    // So that the disk is needed before the stop.
    swaps: [SHORT_STOP, [/queue\.highWatermark="\d+" queue\.lowWatermark="\d+"/, 'queue.highWatermark="1000" queue.lowWatermark="200"']]
  })
  await rsyslog.log(3_000)
  await rsyslog.stop()
  await rsyslog.run()
  await rsyslog.log(10)
  const lokean = await site.lokean(port)
  await site.allStored(3_010)
  // The record that each of its two threads had in hand goes back into the queue, where it may already be.
  site.reconcile(3_010, { twice: 2 })
  assert.equal((await lokean.stop()).code, 0)
})

test('Lokean is killed under load, and rsyslog stops before it is back: no more is missing than a window and one record', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const [port] = await freePorts(1)
  const killed = await site.lokean(port)
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca, swaps: [SHORT_STOP] })
  await rsyslog.log(2_000)
  await until('a part is stored', () => site.stored >= 200, PATIENCE_MS)
  await killed.stop('SIGKILL')
  await rsyslog.stop()
  await rsyslog.run()
  await rsyslog.log(10)
  const lokean = await site.lokean(port)
  await until('the rest is stored', () => site.stored >= 2_010 - unanswered(0) - 1, PATIENCE_MS)
  assert.equal((await lokean.stop()).code, 0)
})
