import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message } from '../helpers/messages.ts'
import { httpGet, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { until } from '../helpers/until.ts'
import { ADDRESS } from '../process/numbered-sender.ts'
import { needs } from './needs.ts'
import { cases, OSLO, tooLong } from './rsyslog-cases.ts'
import { adapted, complaints, Rsyslog, RSYSLOGD } from './rsyslog-daemon.ts'

const NEEDED = needs({ what: 'rsyslog', probe: ['test', '-x', RSYSLOGD] }, 'logger')

/** An entry in a query's result, which merges labels and metadata. */
interface Entry { of: Record<string, string>, time: bigint, line: string }

/**
 * Returns what must be stored of a record, in the plain way: JSON.parse, Date, and the pages' tables. The other keys
 * of these records play no part.
 */
function expected (record: Buffer): Entry {
  const {
    '@timestamp': at, host, severity, tag, source, message, file, cloud, region
  } = JSON.parse(record.toString()) as Record<string, string>
  const line = (file === '' ? message.replace(/^ /, '') : message).replace(/\n$/, '')
  const [, fraction = ''] = /\.(\d+)/.exec(at) ?? []
  const [, pid, word, request, instance] = /^[\d-]+ [\d:.]+ (\d+) (ERROR|WARNING) \S+(?: \[(req-\S+) [^\]]*\])?(?: \[instance: ([^\]]+)\])?/.exec(
    line
  ) ?? []
  // The only line of a file that oslo.log did not write continues an error.
  const bySeverity = ['critical', 'critical', 'critical', 'error', 'warning', 'info', 'info', 'debug'][Number(severity)]
  const level = word?.toLowerCase() ?? (file === '' ? bySeverity : 'error')
  const of = {
    cloud,
    region,
    host,
    source,
    service_name: source,
    detected_level: level,
    file,
    pid: pid ?? /\[(\d+)\]:?$/.exec(tag)?.[1] ?? '',
    request_id: request ?? '',
    instance_id: instance ?? ''
  }
  return {
    of: Object.fromEntries(Object.entries(of).filter(([, value]) => value !== '').sort()),
    time: BigInt(Date.parse(at.replace(/\.\d+/, ''))) * 1_000_000n + BigInt(fraction.padEnd(9, '0')),
    line
  }
}

/** Sends records in one message through the program, as omamqp1 would. Returns what Loki then has. */
async function stored (t: TestContext, records: readonly Buffer[]): Promise<{ entries: Entry[], metrics: string }> {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki()
  cleanup.add(loki.close)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url })
  await run.logged('receiving')
  const sender = await RawSender.connect(bus.port, ADDRESS)
  assert.equal(await sender.send(message(records)), 'accepted')
  await sender.close()
  const hour = 3600_000
  const parameters = new URLSearchParams({
    query: '{cloud=~".+"}', limit: '1000', start: `${Date.now() - 24 * hour}000000`, end: `${Date.now() + hour}000000`
  })
  const { status, body } = await httpGet(`${loki.url}/loki/api/v1/query_range?${parameters}`)
  assert.equal(status, 200)
  const { data } = JSON.parse(body) as { data: { result: Array<{ stream: Record<string, string>, values: Array<[string, string]> }> } }
  const entries = data.result.flatMap(({ stream, values }) => values.map(([time, line]) =>
    ({ of: Object.fromEntries(Object.entries(stream).sort()), time: BigInt(time), line })))
  const { body: metrics } = await run.ask('/metrics')
  assert.equal((await run.stop()).code, 0)
  return { entries, metrics }
}

function sorted (entries: readonly Entry[]): Entry[] {
  const key = ({ of, time, line }: Entry): string => JSON.stringify([of, `${time}`, line])
  return [...entries].sort((a, b) => key(a) < key(b) ? -1 : 1)
}

test('rsyslogd has no complaint about the configuration that the page recommends', NEEDED, async t => {
  assert.equal(await complaints(t, adapted), '')
  assert.match(await complaints(t, home => adapted(home).replace('format="jsonf"', 'format="jsonx"')), /jsonx/, 'it would say so')
})

for (const escaped of [true, false]) {
  test(`what rsyslog writes with that template is stored byte for byte, control characters ${escaped ? 'escaped' : 'as they are'}`, NEEDED, async t => {
    const rsyslog = await Rsyslog.start(t, escaped ? '' : 'global(parser.escapeControlCharactersOnReceive="off")')
    const sent = cases(escaped)
    const long = tooLong()
    for (const { via, bytes } of sent) await rsyslog[via](bytes)
    await rsyslog.stream(long.bytes)
    for (const { line } of OSLO) rsyslog.append('nova-compute.log', line)
    await rsyslog.local('neutron-agent', ' port "é" is down')
    await until('rsyslog has written them', () => rsyslog.records().length >= sent.length + 2 + OSLO.length + 1)

    const records = rsyslog.records()
    const { entries, metrics } = await stored(t, records)
    assert.deepEqual(sorted(entries), sorted(records.map(expected)))

    // The entries also equal the sent messages, whatever rsyslog and its template did to them.
    const found = (where: (entry: Entry) => boolean): Entry => {
      const [one, ...more] = entries.filter(where)
      assert.equal(more.length, 0)
      return one
    }
    for (const { host, time, line, known } of sent) {
      const entry = found(({ of }) => of.host === host)
      assert.deepEqual({ host, time: entry.time, line: entry.line, of: entry.of }, { host, time, line, of: { ...entry.of, ...known } })
    }
    assert.equal(found(({ of }) => of.host === long.host).line, long.line)
    for (const { line, known } of OSLO) {
      const { of } = found(entry => entry.line === line)
      assert.deepEqual(of, { ...of, ...known, source: 'nova', file: join(rsyslog.home, 'log/containers/nova/nova-compute.log') })
    }
    const { of } = found(({ line }) => line.endsWith('port "é" is down'))
    assert.deepEqual(of, { ...of, source: 'neutron-agent', detected_level: 'error', pid: '4242' })
    const mended = records.filter(record => !isUtf8(record)).length
    assert.ok(mended >= 4)
    assert.match(metrics, new RegExp(`^lokean_records_mended_total\\{reason="utf8"\\} ${mended}$`, 'm'))
  })
}
