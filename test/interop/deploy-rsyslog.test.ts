import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../helpers/until.ts'
import { Authority } from './certificates.ts'
import { needs } from './needs.ts'
import { adapted, complaints, deployed, here, Rsyslog, RSYSLOGD } from './rsyslog-daemon.ts'
import { OMRELP, OSSL } from './rsyslog-sender.ts'

const RSYSLOG = { what: 'rsyslog', probe: ['test', '-x', RSYSLOGD] } as const
const NEEDED = needs(RSYSLOG)
const INPUTS = ['containers.conf', 'journal.conf', 'rfc5424.conf']
/** rsyslogd looks whether the file of the authority is there. */
function trusting (home: string, text: string): string {
  const { ca } = new Authority(home)
  return here(home, text).replaceAll('/etc/pki/rsyslog/lokean-ca.crt', ca)
}

/** The ways out, each with what rsyslogd needs for it, and what makes it run here. */
const OUTS = [
  ['lokean.conf', needs(RSYSLOG), adapted],
  ['relp.conf', needs(RSYSLOG, OMRELP), trusting],
  ['syslog-tls.conf', needs(RSYSLOG, OSSL), trusting]
] as const

for (const [out, needed, adapt] of OUTS) {
  for (const parts of [[], ...INPUTS.map(input => [input]), INPUTS]) {
    test(`rsyslogd has no complaint about ${out} with ${parts.join(', ') || 'no input of its own'}`, needed, async t => {
      assert.equal(await complaints(t, home => adapt(home, deployed(out, ...parts))), '')
    })
  }
}

test('the ways out differ in their action only: the same template, queue, retries and ruleset', () => {
  const texts = OUTS.map(([out]) => readFileSync(`deploy/rsyslog/${out}`, 'utf8'))
  for (const part of [/^template\([^]*?^}$/m, /queue\.type="LinkedList"[^)]*\)/, /action\.resumeRetryCount="-1"/, /^ruleset\(.*\n.*$/m, /^main_queue\(.*$/m]) {
    const [first, ...others] = texts.map(text => part.exec(text)?.[0] ?? assert.fail(String(part)))
    for (const other of others) assert.equal(other, first)
  }
})

test('it would complain, and no file is left out', NEEDED, async t => {
  assert.deepEqual(
    readdirSync('deploy/rsyslog').sort(), ['Dockerfile', 'compose.conf', 'compose-relp.conf', ...INPUTS, ...OUTS.map(([out]) => out)].sort()
  )
  assert.match(
    await complaints(t, home => adapted(home, deployed('lokean.conf', 'containers.conf').replace('reopenOnTruncate=', 'reopen='))),
    /parameter 'reopen' not known/
  )
})

test('logs of containers are of the source that their folder is called by, also where it comes later', NEEDED, async t => {
  const rsyslog = await Rsyslog.start(t, '', deployed('lokean.conf', 'containers.conf'))
  const logs = [
    ['containers/nova', 'nova-compute.log', 'nova'], ['kolla/cinder', 'cinder-volume.log', 'cinder'],
    ['containers/late-one', 'a.log', 'late-one'], ['containers/httpd/keystone', 'keystone_wsgi_error_log', 'httpd']
  ]
  for (const [folder, name, source] of logs) rsyslog.append(name, `a line of ${source}`, folder)
  await until('rsyslog has written them', () => rsyslog.records().length >= logs.length)
  const found = rsyslog.records().map(record => JSON.parse(record.toString()) as { source: string, file: string, message: string })
  assert.deepEqual(
    found.map(({ source, file, message }) => [source, file, message]).sort(),
    logs.map(([folder, name, source]) => [source, join(rsyslog.home, 'log', folder, name), `a line of ${source}`]).sort())
})

test('lines of a container that begin with a blank are of the record before, the last one too', NEEDED, async t => {
  const rsyslog = await Rsyslog.start(t, '', deployed('lokean.conf', 'containers.conf'))
  const trace = 'ERROR oslo_db Traceback (most recent call last):\n  File "a.py", line 1\n\tat b'
  for (const line of [...trace.split('\n'), 'KeyError: b', 'SELECT a', '  FROM b']) rsyslog.append('nova-compute.log', line)
  await until('rsyslog has written them', () => rsyslog.records().length >= 3)
  const messages = rsyslog.records().map(record => (JSON.parse(record.toString()) as { message: string }).message)
  assert.deepEqual(messages, [trace, 'KeyError: b', 'SELECT a\n  FROM b'])
})

test('what comes over the network goes to the same ruleset by its program\'s name', NEEDED, async t => {
  // The input ports of the file may be taken here, so the daemon's own inputs are used.
  const rsyslog = await Rsyslog.start(t, '', `${deployed('lokean.conf')}\ncall lokean`)
  await rsyslog.stream(Buffer.from('<131>1 2026-11-22T08:00:01.123456+02:00 host1 haproxy 77 - - down'))
  await until('rsyslog has written it', () => rsyslog.records().length >= 1)
  const { source, message, host } = JSON.parse(rsyslog.records()[0].toString()) as Record<string, string>
  assert.deepEqual([source, message, host], ['haproxy', 'down', 'host1'])
})
