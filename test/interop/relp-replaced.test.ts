import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { until } from '../helpers/until.ts'
import { Balancer } from './balancer.ts'
import { freePorts } from './peer-process.ts'
import { BY_RELP, PATIENCE_MS, RelpSite, unanswered } from './relp-site.ts'
import { RsyslogSender } from './rsyslog-sender.ts'

test('a renewed certificate: Lokean starts again with it, and rsyslog goes on', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const [port] = await freePorts(1)
  const first = await site.lokean(port, site.authority.issue('first'))
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca })
  await rsyslog.log(500)
  await site.allStored(500)
  assert.equal((await first.stop()).code, 0)
  await rsyslog.log(500)
  const second = await site.lokean(port, site.authority.issue('second'))
  await site.allStored(1_000)
  site.reconcile(1_000, { twice: unanswered(0) })
  assert.equal((await second.stop()).code, 0)
})

test('two Lokeans behind a load balancer: one is killed under load, and the other has what it had not stored', BY_RELP, async t => {
  const site = await RelpSite.open(t)
  const ports = await freePorts(2)
  const certificate = site.authority.issue('lokean')
  const lokeans = [await site.lokean(ports[0], certificate), await site.lokean(ports[1], certificate)]
  const { port } = await Balancer.start(Cleanup.of(t), ports)
  const rsyslog = await RsyslogSender.start(t, { conf: 'relp.conf', port, ca: site.authority.ca })
  await rsyslog.log(2_500)
  await until('a part is stored', () => site.stored >= 500, PATIENCE_MS)
  await lokeans[0].stop('SIGKILL')
  await site.allStored(2_500)
  site.reconcile(2_500, { twice: unanswered(0) })
  assert.equal((await lokeans[1].stop()).code, 0)
})
