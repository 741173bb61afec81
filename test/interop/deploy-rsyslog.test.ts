import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../helpers/until.ts'
import { Authority } from './certificates.ts'
import { needs } from './needs.ts'
import { adapted, complaints, deployed, here, recommended, Rsyslog, RSYSLOGD } from './rsyslog-daemon.ts'
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
  // By RELP, a batch is one record.
  const texts = OUTS.map(([out]) => readFileSync(`deploy/rsyslog/${out}`, 'utf8').replace(/ queue\.dequeueBatchSize="(?:1|1024)"/, ''))
  const queue = (text: string): string[] => text.replace(/^ *#.*$/gm, '').match(/queue\.(?!workerThreads)\w+="[^"]*"/g) ?? []
  assert.deepEqual(queue(recommended()), queue(readFileSync('deploy/rsyslog/lokean.conf', 'utf8')), 'the page has the same queue')
  for (const part of [/^template\([^]*?^}$/m, /queue\.type="LinkedList"[^)]*\)/, /action\.resumeRetryCount="-1"/, /^ruleset\(.*\n.*$/m, /^main_queue\(.*$/m]) {
    const [first, ...others] = texts.map(text => part.exec(text)?.[0] ?? assert.fail(String(part)))
    for (const other of others) assert.equal(other, first)
  }
})

test('it would complain, and no file is left out', NEEDED, async t => {
  assert.deepEqual(
    readdirSync('deploy/rsyslog').sort(),
    ['Dockerfile', 'README.md', 'compose.conf', 'compose-relp.conf', ...INPUTS, ...OUTS.map(([out]) => out)].sort()
  )
  assert.match(
    await complaints(t, home => adapted(home, deployed('lokean.conf', 'containers.conf').replace('reopenOnTruncate=', 'reopen='))),
    /parameter 'reopen' not known/
  )
})

test('what the page has for the pods of OpenStack-Helm: the source is the container, by the file\'s name', NEEDED, async t => {
  const [, pods] = /^### OpenStack-Helm\n[^]*?```text\n([^]*?)```$/m.exec(readFileSync('deploy/rsyslog/README.md', 'utf8')) ?? []
  const rsyslog = await Rsyslog.start(t, '', `${deployed('lokean.conf')}\n${pods}`)
  rsyslog.append(`nova-compute-default-x2x4z_openstack_nova-compute-${'0a'.repeat(32)}.log`, '2026-01-02T03:04:05.1Z stdout F a line', 'containers')
  await until('it is read', () => rsyslog.records().length === 1)
  const { source } = JSON.parse(rsyslog.records()[0].toString()) as { source: string }
  assert.equal(source, 'nova-compute')
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

test('a traceback is one record, with its newlines; all other lines are records by themselves', NEEDED, async t => {
  const rsyslog = await Rsyslog.start(t, '', deployed('lokean.conf', 'containers.conf'))
  const PREFIX = '2026-01-02 03:04:05.678 7 ERROR nova.compute.manager '
  const records = [
    [`${PREFIX}[None req-1 - - - - - -] [instance: i] no: x.Error: no`, ...['Traceback (most recent call last):', '  File "x.py", line 1', 'x.Error: no']
      .map(text => `${PREFIX}[instance: i] ${text}`)],
    ['2026-01-02 03:04:05.678 7 INFO nova.compute.manager [-] yes'], ['2026-01-02  3:04:05 17 [Warning] Aborted connection'],
    ['java.lang.Error: no', '\tat x.Y.z(Y.java:12)'], ['a line of its own'], ['another one, without an end']
  ].map(lines => lines.join('\n'))
  for (const record of records) rsyslog.append('nova-compute.log', record, 'containers/nova')
  await until('rsyslog has written them', () => rsyslog.records().length >= records.length)
  assert.deepEqual(rsyslog.records().map(record => (JSON.parse(record.toString()) as { message: string }).message), records)
})

test('what comes over the network goes to the same ruleset by its program\'s name', NEEDED, async t => {
  // The input ports of the file may be taken here, so the daemon's own inputs are used.
  const rsyslog = await Rsyslog.start(t, '', `${deployed('lokean.conf')}\ncall lokean`)
  await rsyslog.stream(Buffer.from('<131>1 2026-11-22T08:00:01.123456+02:00 host1 haproxy 77 - - down'))
  await until('rsyslog has written it', () => rsyslog.records().length >= 1)
  const { source, message, host } = JSON.parse(rsyslog.records()[0].toString()) as Record<string, string>
  assert.deepEqual([source, message, host], ['haproxy', 'down', 'host1'])
})
