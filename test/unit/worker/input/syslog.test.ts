import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { SyslogReader } from '../../../../src/worker/input/syslog.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { framed, receivedAt, RECEIVED, SYSLOG_CAPTURES, SYSLOG_CASES } from '../../../helpers/syslog-cases.ts'
import { type SyslogRecord, syslogModel } from '../../../helpers/syslog-model.ts'
import { encoderSettings, lay, mappings } from '../../../helpers/worker-fixtures.ts'

/** Compares the reader with the plain way. All tests share one kernel: earlier records must make no difference. */
const kernel = new Kernel()
const fields = new Fields(encoderSettings({ metadata: mappings('level') }), kernel)
let placed = 0
const reader = new SyslogReader(kernel, fields, bytes => {
  const at = placed
  placed += bytes.length
  kernel.reserve(placed)
  kernel.bytes.set(bytes, at)
  return at
}, () => {})

const NAMES = ['host', 'source', 'tag', 'pid', 'procid', 'msgid', 'structured_data', 'severity', 'facility', 'message'] as const
const latin1 = (name: string): string => kernel.bytes.toString('latin1', fields.start(fields.slot(name)), fields.end(fields.slot(name)))

let begunMs = NaN

/**
 * Reads a record that lies between other bytes. Only text, so JSON is left as it is. Records of one time are of one
 * batch.
 */
function readBy (record: Buffer, nowMs: number): Partial<SyslogRecord> {
  placed = kernel.window(record.length + 64)
  if (nowMs !== begunMs) reader.begin(nowMs / 1000, 0)
  begunMs = nowMs
  kernel.run.setPeer(0, 0)
  const [start, end] = lay(kernel, record, '<13>', '<13>1 2026-11-27T10:00:00Z')
  kernel.run.readSyslog(start, end)
  const texts = NAMES.map(name => [name, latin1(name)] as const).filter(([name, text]) => text !== '' || name === 'message')
  const { run } = kernel
  const at = fields.slot('@timestamp')
  assert.notEqual(run.parseTimestamp(fields.start(at), fields.end(at)), 0, 'the time is one that is read')
  const time = BigInt(kernel.seconds) * 1_000_000_000n + BigInt(kernel.nanos)
  return { ...Object.fromEntries(texts), ...reader.isUntimed ? {} : { time }, headed: run.headed.value !== 0 }
}

function compare (record: Buffer, nowMs = RECEIVED): Partial<SyslogRecord> {
  const expected = JSON.parse(JSON.stringify(syslogModel(record, nowMs), (_,
    value: unknown) => typeof value === 'bigint' ? `${value}` : value)) as object
  const read = readBy(record, nowMs)
  assert.deepEqual({ ...read, ...read.time === undefined ? {} : { time: `${read.time}` } }, expected,
    JSON.stringify(record.toString('latin1')))
  return read
}

suite('what real senders write, whole and cut at every byte: what the plain way reads', () => {
  for (const one of [...SYSLOG_CASES.map(one => ({ ...one, nowMs: receivedAt(one) })), ...SYSLOG_CAPTURES.map(one => ({
    ...one,
    nowMs: RECEIVED
  }))]) {
    test(one.id, () => {
      for (const record of framed([one.stream]).records) {
        const most = Math.min(record.length, 400)
        compare(record, one.nowMs)
        for (let cut = 0; cut <= most; cut++) {
          compare(record.subarray(0, cut), one.nowMs)
          compare(record.subarray(cut), one.nowMs)
        }
      }
    })
  }
})

const pick = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
const joined = (...parts: Array<fc.Arbitrary<string>>): fc.Arbitrary<string> => fc.tuple(...parts).map(texts => texts.join(''))
const often = (text: string, other: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: other })

const blank = often(' ', pick('', '  '))
const priority = pick('<13>', '<13>', '<165>', '<0>', '<191>', '<192>', '<>', '<1234>', '<013>', '<12345678901>', '<a>', '', '', ' <30>')
const two = (most: number): fc.Arbitrary<string> => fc.nat({ max: most }).map(value => String(value).padStart(2, '0'))
const clock = joined(two(24), fc.constant(':'), two(60), fc.constant(':'), two(61))
const fraction = pick('', '', '.5', ',123', '.123456', '.123456789', '.1234567890123', '.', ',x')
const zone = pick('', 'Z', 'z', '+01:00', '-0730', '+05', '+24:00', '+01:60', '+1', ' UTC', ' CEST', ' EST', ' +0100', ' Z', ' XYZ', 'CET')
const year = pick('2026', '2027', '2024', '1969', '1970', '2099', '2100', '0026')
const monthName = pick('Jan', 'Feb', 'Mar', 'apr', 'May', 'JUN', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Foo', 'No')
const bsd = joined(
  pick('', '', '', '237: ', '1: 2: ', '*', '237: *', '1: 2: 3: ', '.'), monthName, pick(' ', ' ', '  ', ''), fc.oneof(two(32),
    pick('7', '0', '1', '123')),
  blank, pick(
    '', '', '', '2026 ', '2008 ', '2026:', '26 '), clock, fraction, zone, pick('', '', '', ' 2026', ' 1999', ' 2200'), pick('', '',
    '', ':'
  )
)
const iso = joined(
  year, fc.constant('-'), two(13), fc.constant('-'), two(32), pick('T', 'T', 't', ' ', 'Q'), clock, fraction, zone,
  pick('', '', ':', 'x')
)
const ordinary = joined(
  pick('Nov 27 10:0', 'Nov  7 10:0', '2026-11-27T10:0', 'Feb 29 23:5'), fc.nat({ max: 9 }).map(String), pick(':00', ':59.5'),
  pick('', 'Z', '+01:00')
)
const date = fc.oneof({ weight: 2, arbitrary: ordinary }, bsd, iso, pick('-', '', 'now', '2026-11-27Q11:22:33Z'))
const host = pick(
  'host1', 'h', 'host1.example', 'localhost', '-', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.7', 'fe80::', 'a_b', 'a,b', 'done.',
  'é', '', `h${'x'.repeat(255)}`
)
const tag = pick(
  'app:', 'app[1]:', 'app[1]', 'app', 'sshd(pam_unix)[12]:', '(systemd)[1]:', '(x)', '%ASA-6-302013:', '-', '-x:',
  '/usr/bin/x[1]:', 'app[a b]:', 'app[x]',
  'app[x]:', 'app:text', 'http://x', 'a::b', '12:30', '7', ':', ': %ASA-1:', 'app[]:', 'app[12', `${'t'.repeat(128)}:`,
    `${'t'.repeat(129)}:`,
    'postfix/smtpd[7]:', 'last message repeated 3 times', 'last message', '-- MARK --', '<30>', '<30>Nov', 'app[12345678901]:',
    `app[${'1'.repeat(64)}]:`
)
const data = pick(
  '-', '[a]', '[a b="c"]', '[a b="c"][d e="f"]', '[a b="\\"\\]\\\\"]', '[a b=c d=e]', '[a b=]', '[a b]', '[a b="c', '[]',
  '[ a]', '[a  b="c" ]', '[a b="c"]x', '[a=b]',
  '[a b="é"]', '', '--'
)
const text = pick(
  'text', ' text', '', '{"a":1}', '@cee: {"a":1}', '\ufefftext', 'Traceback:#012 x', 'é', 'a\0b', 'x\n', 'x\r\n', 'x\n\0', 'x\r',
  '\0'
)
const names = joined(blank, host, blank, pick('app', '-', 'é', ''), blank, pick('7', '-', 'x'), blank, pick('ID47', '-'), blank, data)
const rfc5424 = joined(pick('1 ', '1 ', '1', '2 ', '1  '), date, names, blank, text)
const rfc3164 = joined(date, blank, fc.oneof(joined(host, blank, tag), tag, host), blank, text)
const message = joined(priority, fc.oneof(rfc5424, rfc3164, text))
const relayed = fc.array(joined(pick('<13>', '<30>'), date, blank, host, blank), { maxLength: 4 }).map(headers => headers.join(''))
const record = joined(pick('', '', '', ' '), relayed, message).map(text => Buffer.from(text))
const damaged = fc.tuple(record, fc.nat(), fc.nat({ max: 3 }), pick('', ' ', ':', '-', '<', '0', '\ufeff', ']'))
  .map(([bytes, at, lost, put]) => {
    const from = at % (bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, from), Buffer.from(put), bytes.subarray(from + lost)])
  })

for (const [name, arbitrary, least] of [['any header', record, 0.15], ['any header, damaged', damaged, 0.1]] as const) {
  test(`${name}: what the plain way reads`, () => {
    let timed = 0
    const numRuns = scaled(20_000)
    fc.assert(fc.property(arbitrary, pick('2026-11-27', '2027-01-01', '2024-02-29', '2025-07-01'), (record, day) => {
      if (compare(record, Date.parse(`${day}T10:05:00Z`)).time !== undefined) timed++
    }), { numRuns })
    assert.ok(timed > least * numRuns, `a fair part of the records has a time (${timed} of ${numRuns})`)
  })
}

test('records of one second, one after the other, with all that can stand behind the date', () => {
  const day = pick('Nov 27', 'Nov 27', 'Nov  7', 'Feb 29')
  const behind = often(' host1 app: x', pick(
    '', ' ', ' 2026 host1 app: x', ' UTC host1 app: x', ' CEST host1 app: x', 'Z host1 app: x', ': host1 app: x', '.5 host1 app: x',
    ' 2024: host1 app: x', ' Z', ' +0100 host1', ' 2026', ' zeus app: x', ' host1 <13>Nov 27 10:00:00 host2 app: x',
    ' <13>Nov 28 10:00:00 x'
  ))
  const second = joined(pick('', '<13>'), day, pick(' 10:00:00', ' 10:00:00', ' 10:00:61'), behind).map(text => Buffer.from(text))
  const days = pick('2026-11-27', '2026-11-27', '2028-02-29').map(day => Date.parse(`${day}T10:05:00Z`))
  fc.assert(fc.property(fc.array(fc.tuple(second, days), { minLength: 2, maxLength: 6 }), records => {
    for (const [record, nowMs] of records) compare(record, nowMs)
  }), { numRuns: scaled(2_000) })
})

test('a time of every day of the year, near and far from now, gets the nearest year', () => {
  for (const now of ['2026-11-27T10:05:00Z', '2026-01-01T00:00:00Z', '2027-12-31T23:59:59Z', '2028-02-29T12:00:00Z',
    '2026-06-30T12:00:00Z']) {
    for (let day = Date.UTC(2024, 0, 1, 7, 8, 9); day < Date.UTC(2025, 0, 1); day += 86_400_000) {
      const [, name, number] = /^... (...) (\d\d)/.exec(new Date(day).toUTCString().replace(/,? (\d\d) (...)/, ' $2 $1'))!
      compare(Buffer.from(`${name} ${number} 07:08:09 host1 app: x`), Date.parse(now))
    }
  }
})
