import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Authority } from '../helpers/authority.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, lokean, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { ADDRESS } from './numbered-sender.ts'

interface Finding { ok: boolean, detail: string, mend?: string }
interface Report {
  ok: boolean
  warnings: string[]
  bus: Finding
  loki: Array<Finding & { url: string, stored: Array<{ tenant: string, labels: string }> }>
  limits: Array<{ tenant: string, told: boolean, warnings: string[] }>
  admin: Finding
  record: {
    address: string,
    tenant: string,
    labels: string,
    timestamp: string,
    line: string,
    metadata: Record<string, string>,
    quarantined?: string,
    mended: string[]
  }
}

/** The admin port of the checks. No two tests share a port. */
const ADMIN = { LOKEAN_ADMIN_ADDR: '127.0.0.1:0' }

/** A record as people paste one: with white space around it, and the old spelling of the host. */
const RECORD = '\n{"cloud":"c\\"7","region":"r1","hostname":"net-3","severity":"3","source":"neutron","message":" port down\\n","@timestamp":"2026-11-22T08:00:01.5+02:00","more":1}\n'

test('all is well: 0; the bus has what it had, and Loki one entry of the check, none with --no-push', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki()
  cleanup.add(async () => { await loki.close() })
  const env = {
    ...ADMIN,
    LOKEAN_AMQP_URL: bus.url,
    LOKEAN_LOKI_URL: loki.url,
    LOKEAN_LOKI_MAX_AGE: '3650d',
    LOKEAN_LOKI_MAX_AHEAD: '365d',
    LOKEAN_SHARD: '2'
  }
  // The sender gets credit as soon as check receives. check must not take the message.
  const sending = RawSender.connect(bus.port, ADDRESS).then(async sender => {
    cleanup.add(async () => { await sender.close() })
    return await sender.send(Buffer.from('00537740', 'hex'))
  })
  const [people, machines] = await Promise.all([
    lokean(cleanup, ['check'], env),
    lokean(cleanup, ['check', '--json', '--no-push'], env, RECORD)
  ])
  assert.equal(await sending, 'released')

  assert.deepEqual({ code: people.code, stderr: people.stderr }, { code: 0, stderr: '' })
  assert.match(people.stdout, /^note {3}LOKEAN_SHARD is not a setting .*LOKEAN_SHARDS$/m)
  assert.ok(people.stdout.includes(`ok     bus   127.0.0.1:${bus.port}: attached to ${ADDRESS}\n`), people.stdout)
  const stored = '{check="push", source="lokean"}'
  assert.ok(people.stdout.includes(`ok     loki  ${loki.url}: takes pushes; an entry of this check is now in ${stored}\n`), people.stdout)
  assert.ok(people.stdout.includes('ok     admin 127.0.0.1:0: any free port\n'), people.stdout)
  assert.match(
    people.stdout,
    /^ {2}stream +\{cloud="cloud1", host="compute-0", region="regionOne", service_name="nova-compute", source="nova-compute"\}$/m
  )
  assert.match(people.stdout, /^ {2}detected_level +info$/m)

  assert.deepEqual({ code: machines.code, stderr: machines.stderr }, { code: 0, stderr: '' })
  const { ok, warnings, record, bus: { ok: busOk }, loki: [lokiFinding], limits, admin } = JSON.parse(machines.stdout) as Report
  assert.deepEqual({ ok, busOk, adminOk: admin.ok, warnings: warnings.length }, { ok: true, busOk: true, adminOk: true, warnings: 1 })
  assert.deepEqual(lokiFinding, { url: loki.url, ok: true, detail: 'takes pushes (an empty one was tried)', stored: [] })
  const [{ warnings: [ofVersion, ...more], ...untold }] = limits
  assert.deepEqual([untold, more, limits.length], [{ tenant: '', told: false }, [], 1])
  assert.match(ofVersion, /^Loki 3\.4\.6 adds a second detected_level .*LOKEAN_METADATA=level,/)
  assert.deepEqual(record, {
    address: ADDRESS,
    tenant: '',
    labels: '{cloud="c\\"7", host="net-3", region="r1", service_name="neutron", source="neutron"}',
    timestamp: '2026-11-22T06:00:01.500000000Z',
    line: 'port down',
    metadata: { detected_level: 'error' },
    from: { level: 'severity' },
    mended: []
  })
  const { delivered, received, accepted } = (await bus.until(stats => stats[ADDRESS].receivers === 0))[ADDRESS]
  assert.deepEqual({ delivered, received, accepted }, { delivered: 0, received: 1, accepted: 0 })
  const { entries, streams } = loki.stats()
  assert.deepEqual({ entries, streams }, { entries: 1, streams: 1 })
})

test('what is down is named, with what to mend, and the record is shown all the same: 1', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus({ username: 'reader', password: 'open sesame' })
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ intercept: () => ({ kind: 'answer', status: 401, text: 'no org id' }) })
  cleanup.add(async () => { await loki.close() })
  // No program listens on port 1. A port that was free a moment ago may belong to another test by now.
  const down = 'http://127.0.0.1:1'
  const [people, machines] = await Promise.all([
    lokean(cleanup, ['check'], { ...ADMIN, LOKEAN_AMQP_URL: 'amqp://127.0.0.1:1', LOKEAN_LOKI_URL: loki.url }, '{"message":"no more"}'),
    lokean(cleanup, ['check', '--json'], { ...ADMIN, LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: `${loki.url},${down}` })
  ])
  assert.deepEqual({ code: people.code, stderr: people.stderr }, { code: 1, stderr: '' })
  assert.match(people.stdout, /^MEND {3}bus {3}127\.0\.0\.1:1: connect ECONNREFUSED .*LOKEAN_AMQP_URL right\?\n(?! )/m)
  assert.match(people.stdout, new RegExp(`^MEND {3}loki {2}${loki.url}: 401 no org id\n +.*LOKEAN_LOKI_TENANT`, 'm'))
  assert.match(people.stdout, /^A record like this goes to quarantine \(no_timestamp\):$/m)

  assert.deepEqual({ code: machines.code, stderr: machines.stderr }, { code: 1, stderr: '' })
  const { ok, bus: busFinding, loki: [, second] } = JSON.parse(machines.stdout) as Report
  assert.equal(ok, false)
  assert.match(busFinding.detail, /amqp:unauthorized-access/)
  assert.match(String(busFinding.mend), /credentials/)
  assert.deepEqual({ url: second.url, ok: second.ok }, { url: down, ok: false })
  assert.match(second.detail, /ECONNREFUSED/)
  assert.match(String(second.mend), /LOKEAN_LOKI_URL/)
})

test('a Lokean that runs here, and limits of the tenant: said, and no fault', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ version: '3.7.6', publishedLimits: [], limits: { lineBytes: 256_000 } })
  cleanup.add(async () => { await loki.close() })
  const env = { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url, LOKEAN_LOKI_TENANT: 'cloud1' }
  const run = startRun(cleanup, env)
  const { host } = new URL(await run.admin())
  const { code, stdout } = await lokean(cleanup, ['check'], { ...env, LOKEAN_ADMIN_ADDR: host })
  assert.equal(code, 0, stdout)
  assert.match(stdout, new RegExp(`^ok {5}admin ${host}: Lokean \\S+ runs here$`, 'm'))
  assert.match(stdout, /^note {3}loki {2}tenant cloud1: max_line_size is 256000 bytes.*LOKEAN_LOKI_MAX_LINE_BYTES=256000/m)
  assert.match(stdout, /^ok {5}loki .* an entry of this check is now in \{check="push", source="lokean"\} of tenant cloud1$/m)
  const taken = await lokean(cleanup, ['check'], { ...env, LOKEAN_ADMIN_ADDR: `127.0.0.1:${new URL(loki.url).port}` })
  assert.equal(taken.code, 1, taken.stdout)
  assert.match(taken.stdout, /^MEND {3}admin 127\.0\.0\.1:\d+: the port is in use, and not by Lokean\n +LOKEAN_ADMIN_ADDR must name another port$/m)
})

test('the day on which each certificate ends is named, and noted where that is soon', async t => {
  const cleanup = Cleanup.of(t)
  const authority = new Authority()
  const env = {
    LOKEAN_AMQP_URL: 'amqps://bus.example',
    LOKEAN_AMQP_CA: authority.issue('bus', { days: 400 }).cert,
    LOKEAN_LOKI_URL: 'https://loki.example',
    LOKEAN_LOKI_CA: authority.issue('loki', { days: 20.5 }).cert
  }
  const [people, machines] = await Promise.all([
    lokean(cleanup, ['check', '--offline'], env), lokean(cleanup, ['check', '--offline', '--json'], env)
  ])
  assert.match(people.stdout, /^ok {5}cert {2}LOKEAN_AMQP_CA ends on 20\d\d-\d\d-\d\d, in (399|400) days$/m)
  assert.match(people.stdout, /^note {3}cert {2}LOKEAN_LOKI_CA ends on 20\d\d-\d\d-\d\d, in 20 days$/m)
  const { certificates } = JSON.parse(machines.stdout) as { certificates: Array<{ setting: string, ends: string, soon: boolean }> }
  assert.deepEqual(certificates.map(({ setting, soon }) => [setting, soon]), [['LOKEAN_AMQP_CA', false], ['LOKEAN_LOKI_CA', true]])
  assert.ok(certificates.every(({ ends }) => Date.parse(ends) > Date.now()))
})

test('--offline connects to nothing: the settings, the files that they name, and the record', async t => {
  const cleanup = Cleanup.of(t)
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  cleanup.add(() => { server.close() })
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { LOKEAN_AMQP_URL: `amqp://${place}`, LOKEAN_LOKI_URL: `http://${place}`, LOKEAN_ADMIN_ADDR: place, LOKEAN_SHARD: '2' }
  const [people, machines, wrong] = await Promise.all([
    lokean(cleanup, ['check', '--offline'], env),
    lokean(cleanup, ['check', '--offline', '--json'], env, RECORD),
    lokean(cleanup, ['check', '--offline'], { ...env, LOKEAN_LOKI_CA: '/nowhere/ca.crt' })
  ])
  assert.deepEqual({ code: people.code, stderr: people.stderr }, { code: 0, stderr: '' })
  assert.match(people.stdout, /^note {3}LOKEAN_SHARD is not a setting .*\nok {5}the settings, and the files .*--offline\)\n\nA record lands so:$/m)
  assert.equal(machines.code, 0)
  const { ok, warnings, record: { line }, ...rest } = JSON.parse(machines.stdout) as Report & { others: unknown[] }
  assert.deepEqual([ok, warnings.length, line, rest], [true, 1, 'port down', { certificates: [], others: [] }])
  assert.deepEqual({ code: wrong.code, stdout: wrong.stdout }, { code: 78, stdout: '' })
  assert.match(wrong.stderr, /LOKEAN_LOKI_CA is "\/nowhere\/ca\.crt": cannot be read/)
  assert.equal(connections, 0)
  // It would have been seen.
  assert.equal((await lokean(cleanup, ['check', '--no-push'], env)).code, 1)
  assert.ok(connections > 0)
})

test('--health asks the one that runs here, whatever bus and Loki do', async t => {
  const cleanup = Cleanup.of(t)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: 'amqp://127.0.0.1:9', LOKEAN_LOKI_URL: 'http://127.0.0.1:9' })
  const { host, port } = new URL(await run.admin())
  // A container's address listens on all interfaces.
  const healthy = await lokean(cleanup, ['check', '--health'], { LOKEAN_ADMIN_ADDR: `0.0.0.0:${port}` })
  assert.deepEqual(healthy, { code: 0, signal: null, stdout: '', stderr: '' })
  await run.stop()
  const { code, stdout, stderr } = await lokean(cleanup, ['check', '--health'], { LOKEAN_ADMIN_ADDR: host })
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.equal(stderr, `lokean: http://${host}/healthz does not answer: connect ECONNREFUSED ${host}\n`)
})
