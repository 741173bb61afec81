import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { needs } from './needs.ts'
import { type Entry, now, script, SyslogSite } from './syslog-site.ts'
import { SYSLOG_NG, SyslogNg } from './syslog-ng.ts'

const run = promisify(execFile)
const PYTHON = '/usr/bin/python3'
const BY_PYTHON = needs({ what: 'python3', probe: [PYTHON, '-c', 'import logging.handlers'] }, 'openssl')
const second = 1_000_000_000n

/** The one entry of this line has these labels and metadata, and no others but the service's name. */
function assertOne (entries: readonly Entry[], line: string, known: Record<string, string>): Entry {
  const [entry, ...more] = entries.filter(entry => entry.line === line)
  assert.ok(entry !== undefined && more.length === 0, `${line}: ${JSON.stringify(entries.map(({ of, line }) => [of, line]))}`)
  // Loki has a name for what has none.
  assert.deepEqual(entry.of, { ...known, service_name: known.source ?? 'unknown_service' })
  return entry
}

const FORMATS = [
  { name: 'RFC 5424 over TCP, by counted octets', way: 'syslog+tcp', args: ['--tcp', '--octet-count', '--rfc5424'], grain: 1_000n },
  { name: 'RFC 5424 over TCP, by lines', way: 'syslog+tcp', args: ['--tcp', '--rfc5424'], grain: 1_000n },
  { name: 'RFC 5424 over UDP', way: 'udp', args: ['--udp', '--rfc5424'], grain: 1_000n },
  { name: 'RFC 3164 over TCP, by lines', way: 'syslog+tcp', args: ['--tcp', '--rfc3164'], grain: second },
  { name: 'RFC 3164 over UDP', way: 'udp', args: ['--udp', '--rfc3164'], grain: second }
] as const

for (const { name, way, args, grain } of FORMATS) {
  test(`logger, ${name}`, needs('logger', 'openssl'), async t => {
    const site = await SyslogSite.open(t)
    const lines = ['port "é" is down', '1 {"a": [1]} <13>', '2026-11-22T08:00:01Z is in the text']
    const begun = now() / grain * grain
    for (const line of lines) {
      await run('logger', [
        '--server', '127.0.0.1', '--port', `${site.ports[way]}`, ...args,
        '--priority', 'local0.err', '--tag', 'nova-api', '--id=4242', '--', line
      ], { env: { ...process.env, TZ: 'UTC' } })
    }
    const entries = await site.entries(lines.length)
    const host = name.startsWith('RFC 3164') ? hostname().replace(/\..*/, '') : hostname()
    const known = { host, source: 'nova-api', detected_level: 'error', pid: '4242' }
    for (const line of lines) {
      const { time } = assertOne(entries, line, known)
      assert.ok(time >= begun && time <= now() + 1_000_000n, `${time}`)
    }
  })
}

for (const [kind, way] of [['SOCK_STREAM', 'syslog+tcp'], ['SOCK_DGRAM', 'udp']] as const) {
  test(`Python's SysLogHandler, ${kind}: it ends each message with a NUL, and tells no host and no time`, BY_PYTHON, async t => {
    const site = await SyslogSite.open(t)
    const begun = now()
    await run(PYTHON, ['-B', script('sys-log-handler.py'), `${site.ports[way]}`, kind])
    const entries = await site.entries(3)
    const found = [
      assertOne(entries, 'disk 1 of é is nearly full', { host: '127.0.0.1', detected_level: 'warning' }),
      // Without a time in front, the first word is no tag.
      assertOne(entries, 'nova-api: no valid host', { host: '127.0.0.1', detected_level: 'critical' }),
      assertOne(entries, 'nova-api[4711]: it goes on', { host: '127.0.0.1', detected_level: 'debug' })
    ]
    for (const { time } of found) assert.ok(time >= begun && time <= now() + 1_000_000n, `${time}`)
  })
}

test('syslog-ng: RFC 5424 over TCP and TLS, RFC 3164 over TCP and UDP', needs(SYSLOG_NG, 'openssl'), async t => {
  const site = await SyslogSite.open(t)
  const { 'syslog+tcp': tcp, 'syslog+tls': tls, udp } = site.ports
  const ways = {
    counted: `syslog("127.0.0.1" port(${tcp}) transport("tcp"))`,
    encrypted: `syslog("127.0.0.1" port(${tls}) transport("tls") tls(ca-file("${site.ca}") peer-verify(required-trusted)))`,
    lines: `network("127.0.0.1" port(${tcp}) transport("tcp") persist-name("lines"))`,
    datagrams: `network("127.0.0.1" port(${udp}) transport("udp"))`
  }
  const hosts = Object.keys(ways)
  const syslogNg = await SyslogNg.start(t, ways)
  // syslog-ng passes whole seconds on, unless it is told otherwise.
  const begun = (now() / second - 60n) * second
  const at = (i: number): bigint => begun + BigInt(i) * second
  const texts = ['Accepted publickey for é', '{"a": [1]} "quoted" \\ ]', 'last']
  await syslogNg.log(hosts.flatMap(host => texts.map((text, i) =>
    `<${8 * 10 + 4}>1 ${new Date(Number(at(i) / 1_000_000n)).toISOString()} ${host} sshd 4711 ID1 [a@1 b="c \\"d\\""] ${text}`)))
  const entries = await site.entries(hosts.length * texts.length)
  for (const host of hosts) {
    const found = entries.filter(({ of }) => of.host === host)
    const known = { host, source: 'sshd', detected_level: 'warning', pid: '4711' }
    for (const [i, text] of texts.entries()) assert.equal(assertOne(found, text, known).time, at(i))
  }
})
