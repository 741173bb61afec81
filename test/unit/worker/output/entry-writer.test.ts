import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { EncoderSettings } from '../../../../src/worker/messages/settings.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { anyCharacter } from '../../../helpers/characters.ts'
import { encode, encodeMessages, single } from '../../../helpers/encode-records.ts'
import { scaled } from '../../../helpers/scaled.ts'
import {
  ARRIVAL, counters, decodeParts, encoderSettings, encodeTask, mappings, nanoseconds, recordText, rsyslogMessage
} from '../../../helpers/worker-fixtures.ts'

const LABELS = { cloud: 'cloud1', region: 'regionOne', host: 'host1', source: 'tag1', service_name: 'tag1' }
const arrival = nanoseconds(ARRIVAL)

test('a value nested beyond measure ends up in one of the two places, and nothing breaks', () => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000)
  const record = recordText().replace('"a line"', deep)
  const entry = single(record)
  // It depends on the engine whether JSON.stringify can write what JSON.parse has read. Newer engines need no stack for
  // it.
  const written = canWrite(deep)
  assert.deepEqual([entry.selector.quarantine, entry.line], written ? [undefined, deep] : ['invalid_json', record])
})

function canWrite (text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

test('broken escapes are mended and counted, and the record is stored where it belongs', () => {
  const broken = recordText({ message: 'MESSAGE', cloud: 'CLOUD' })
    .replace('MESSAGE', 'LOCAL\\user\\u12 \\"\n\ttab\\').replace('CLOUD', 'c\\-x')
  const entry = single(broken.replace('tab\\', 'tab'))
  assert.deepEqual([entry.line, entry.counts], ['LOCAL\\user\\u12 "\n\ttab', { escapes: 1 }])
  assert.equal(entry.selector.cloud, 'c\\-x')
  const { counts, selector } = single(broken)
  // A quote behind a backslash is text: this string has no end.
  assert.deepEqual([counts, selector.quarantine], [{ invalid_json: 1 }, 'invalid_json'])
})

suite('NULs', () => {
  test('are cut to a note of how many, wherever they stand; one alone is left', () => {
    for (const file of ['', 'f']) {
      const nuls = '\0'.repeat(100_000)
      const entry = single(recordText({ message: `${nuls}2026-11-22 08:00:01.234 7 ERROR a.b [-] a\0b${'\0'.repeat(8)}`, file }))
      assert.deepEqual([entry.line, entry.counts], ['[100000 NULs]2026-11-22 08:00:01.234 7 ERROR a.b [-] a\0b[8 NULs]', { nuls: 1 }])
    }
  })

  test('alone in a line are counted, and not stored', () => {
    for (const message of ['\0', '\0'.repeat(5000), ' \0\0\n']) {
      const { result, entries, counts } = encode([recordText(), recordText({ message }), recordText()])
      assert.deepEqual([entries.length, result.records, result.empty, counts], [2, 3, 1, {}])
    }
    const { result } = encode([recordText({ message: '\0' })])
    assert.deepEqual([result.parts, result.records, result.empty], [[], 1, 1])
  })

  test('that JSON.parse has read are found too, and those of an earlier record are not', () => {
    assert.equal(single(recordText({ message: '\0\0x', pid: 7 })).line, '[2 NULs]x')
    const { entries } = encode([recordText({ message: '\0\0x' }), recordText({ host: 'a\0b' }), recordText({ message: '' })])
    assert.deepEqual(entries.map(({ line }) => line).sort(), ['', '[2 NULs]x', 'a line'])
  })
})

test('the blank in front is taken off a line of syslog, and left on a line of a file', () => {
  assert.equal(single(recordText({ message: '  File "x", line 1', file: '' })).line, ' File "x", line 1')
  assert.equal(single(recordText({ message: '  File "x", line 1', file: undefined })).line, ' File "x", line 1')
  assert.equal(single(recordText({ message: '  File "x", line 1', file: '/var/log/x' })).line, '  File "x", line 1')
})

suite('what names no host is no label', () => {
  const cases: Record<string, [fields: Record<string, unknown>, host: string | undefined]> = {
    'a hyphen': [{ host: '-' }, undefined],
    nothing: [{ host: '' }, undefined],
    'a placeholder': [{ host: '<hostname>' }, undefined],
    'an empty placeholder': [{ host: '<>' }, undefined],
    'the older key counts then': [{ host: '-', hostname: 'older' }, 'older'],
    'neither key names one': [{ host: '<a>', hostname: '-' }, undefined],
    'a name': [{ host: 'h-1' }, 'h-1']
  }
  for (const [name, [fields, host]] of Object.entries(cases)) {
    test(name, () => assert.equal(single(recordText(fields)).selector.host, host))
  }
})

suite('a host that is no host name, or a source that is no tag', () => {
  const shared = { cloud: 'cloud1', region: 'regionOne', host: 'unknown', source: 'unknown', service_name: 'unknown' }
  const odd = {
    hosts: [
      '[instance:', 'a b', '"x"', 'x=1', 'default]', '-x', 'x-', 'a..b', '.a', `${'a'.repeat(64)}.b`, 'a.'.repeat(130), 'h\u00e9', 'a/b',
      'a:1'
    ],
    sources: ['[instance:', 'a b', 'x=1', 'default]', '"x"', 'x,', 'a:', '-x', 'é', 'x'.repeat(129), '/usr/sbin/x', '{', 'a|b']
  }
  test('has its record in one stream with all others, and both words as metadata', () => {
    const records = [...odd.hosts.map(host => ({ host, source: 'word' })), ...odd.sources.map(source => ({ host: 'word', source }))]
    for (const names of records) {
      const { selector, metadata, line, counts } = single(recordText(names))
      assert.deepEqual([selector, metadata, line, counts], [shared, { level: 'info', ...names }, 'a line', { names: 1 }])
    }
    const { result } = encode(records.map(names => recordText(names)))
    assert.deepEqual(result.oddNames, { host: '[instance:', source: 'word' })
  })

  test('is told in front of the line where metadata is off', () => {
    const { selector, line } = single(recordText({ host: 'a b', source: 'x' }), { metadata: [] })
    assert.deepEqual([selector, line], [shared, 'a b x a line'])
  })

  test('is told once where metadata has it anyhow, and not where the address gives the label', () => {
    const named = single(recordText({ host: 'a b' }), { metadata: mappings('host,source') })
    assert.deepEqual([named.selector, named.metadata], [shared, { host: 'a b', source: 'tag1' }])
    const origins = [{ address: 'rsyslog/logs', labels: [{ name: 'host', value: 'given' }], tenant: undefined }]
    const given = single(recordText({ host: 'a b' }), { origins })
    assert.deepEqual([given.selector, given.counts], [{ ...LABELS, host: 'given' }, {}])
  })

  test('goes to a backlog stream as any other where it is late', () => {
    const records = ['2026-11-22T08:13:28Z', '2026-11-22T06:13:28Z'].map(time => recordText({ '@timestamp': time, host: 'a b' }))
    const { entries, counts } = encode(records, {})
    assert.deepEqual(counts, { names: 2, backlog: 1 })
    assert.ok(entries.every(({ metadata }) => metadata.host === 'a b'))
  })

  test('is one only where it has a value that is neither', () => {
    const hosts = ['h', 'H-1', 'a.b.example.org', 'a.b.', '10.0.0.1', 'fe80::1', '2001:db8::1', 'my_host', '1a2b3c', '']
    for (const host of hosts) assert.deepEqual(single(recordText({ host })).counts, {})
    const sources = [
      'nova-api', 'postfix/smtpd', '(systemd)', '(sd-pam)', 'run-parts(', 'ansible-<stdin>', '%ASA-6-302013', 'user@1000', 'g++', '-', ''
    ]
    for (const source of sources) assert.deepEqual(single(recordText({ source })).counts, {})
  })
})

suite('LOKEAN_HOST_FORM', () => {
  const forms: Record<string, [hostForm: EncoderSettings['hostForm'], hosts: Record<string, string>]> = {
    asis: [{ short: false, lower: false }, { 'Compute-0.Example.org': 'Compute-0.Example.org' }],
    short: [{ short: true, lower: false }, {
      'Compute-0.Example.org': 'Compute-0', H: 'H', '10.0.0.1': '10.0.0.1', 'fe80::1.2.3.4': 'fe80::1.2.3.4', '1a.b': '1a', 'a.': 'a'
    }],
    lower: [{ short: false, lower: true }, { 'Compute-0.Example.org': 'compute-0.example.org', 'A_Z-09': 'a_z-09' }],
    'short,lower': [{ short: true, lower: true }, { 'Compute-0.Example.org': 'compute-0', 'FE80::1': 'fe80::1' }]
  }
  for (const [name, [hostForm, hosts]] of Object.entries(forms)) {
    test(`${name}: in labels and metadata, and of the older key`, () => {
      for (const [host, written] of Object.entries(hosts)) {
        const metadata = mappings('node=host')
        const [one, older] = [{ host }, { host: undefined, hostname: host }]
          .map(fields => single(recordText(fields), { hostForm, metadata }))
        assert.deepEqual([one.selector.host, one.metadata.node], [written, written])
        assert.deepEqual([older.selector.host, older.metadata.node], [written, written])
      }
    })
  }
})

suite('LOKEAN_UNESCAPE_NEWLINES', () => {
  const on = { unescapeNewlines: true }
  const FILE = { file: '/f' }

  test('off: a line stays as it is', () => {
    const { line, counts } = single(recordText({ message: 'a#012b#011c' }))
    assert.deepEqual([line, counts], ['a#012b#011c', {}])
  })

  test('on: rsyslog\'s newlines and tabs are what they were; no other escape, and nothing that only begins like one', () => {
    const written: Record<string, string> = {
      'a#012b#011c': 'a\nb\tc',
      '#012#012#011': '\n\n\t',
      'one#0122026-01-02': 'one\n2026-01-02',
      '##012#01#012': '#\n#01\n',
      [`${'x'.repeat(40)}#012é#012${'y'.repeat(40)}`]: `${'x'.repeat(40)}\né\n${'y'.repeat(40)}`
    }
    for (const [message, expected] of Object.entries(written)) {
      // A newline at the end is trimmed.
      const { line, counts } = single(recordText({ ...FILE, message }), on)
      assert.deepEqual([line, counts], [expected.replace(/\n$/, ''), { newlines: 1 }], message)
    }
    for (const message of ['#01', '#', '#033[00m', '#0', 'a #013', '#01\n2', 'text', '']) {
      const { line, counts } = single(recordText({ ...FILE, message }), on)
      assert.deepEqual([line, counts], [message, {}])
    }
  })

  test('on: the level is read of the line as it was, and a traceback in one record is over', () => {
    const begun = { ...FILE, message: 'Traceback (most recent call last):#012  File "x.py"' }
    const indented = { ...FILE, message: '#011at x.Y.z(Y.java:12)' }
    const ended = { ...FILE, message: 'Traceback (most recent call last):#012  File "x.py"#012x.Error: no' }
    const lone = { ...FILE, file: '/g', message: '#011at x' }
    const { entries } = encode([begun, indented, ended, lone].map(record => recordText(record)), on)
    assert.deepEqual(entries.map(({ metadata }) => metadata.level), ['error', 'error', 'error', undefined])
  })
})

suite('quarantine', () => {
  const time = (record: string): Record<string, string> =>
    ({ original_timestamp: (JSON.parse(record) as Record<string, string>)['@timestamp'] })
  const all = { cloud: 'cloud1', region: 'regionOne', host: 'host1', source: 'tag1' }
  const { region: _region, ...beforeRegion } = all
  const { cloud: _cloud, ...butCloud } = all
  const TIME = time(recordText())
  const [tooOld, beforeEpoch, tooNew] = [
    '2026-11-15T08:15:00.123455Z', '1968-12-31T23:59:59.999999999Z', '2026-11-22T08:25:00.124456789Z'
  ].map(time => recordText({ '@timestamp': time }))
  const tenant = { kind: 'field', field: 'cloud' } as const
  const cases: Record<string, [reason: string, record: string, told: Record<string, string>, overrides?: Partial<EncoderSettings>]> = {
    text: ['invalid_json', 'Nov 22 08:00:00 host sshd[1]: not JSON\n', {}],
    'cut JSON': ['invalid_json', recordText().slice(0, -5), { ...TIME, ...beforeRegion }],
    'cut JSON, with an escape that is none': [
      'invalid_json', recordText({ host: undefined }).replace('a line', 'LOCAL\\user').replace('"file', '"host":"h\\z","file').slice(0, -5),
      { ...TIME, ...beforeRegion, host: 'h\\z' }
    ],
    'JSON and more': ['invalid_json', recordText() + '}', { ...TIME, ...all }],
    'broken in front of what is told': ['invalid_json', recordText().replace('{', '{"x":y,'), { ...TIME, ...all }],
    'an array': ['not_object', `[${recordText()}]`, {}],
    'a string': ['not_object', '"a line"', {}],
    null: ['not_object', 'null\n', {}],
    'an empty string': ['empty', '', {}],
    'a lone newline': ['empty', '\n', {}],
    'no message': ['no_message', recordText({ message: undefined }), { ...TIME, ...all }],
    'message null': ['no_message', recordText({ message: null }), { ...TIME, ...all }],
    'an empty object': ['no_message', '{}', {}],
    'no timestamp': ['no_timestamp', recordText({ '@timestamp': undefined }), all],
    'timestamp null': ['no_timestamp', recordText({ '@timestamp': null }), all],
    'a timestamp that is none': ['bad_timestamp', recordText({ '@timestamp': 'yesterday' }), all],
    'an empty timestamp': ['bad_timestamp', recordText({ '@timestamp': '' }), all],
    'a timestamp that is a flag': ['bad_timestamp', recordText({ '@timestamp': true }), all],
    'a day that there is none of': ['bad_timestamp', recordText({ '@timestamp': '2026-02-30T00:00:00Z' }), all],
    'older than Loki takes': ['too_old', tooOld, { ...time(tooOld), ...all }],
    'before 1970': ['too_old', beforeEpoch, { ...time(beforeEpoch), ...all }, { maxAgeMs: 1e14 }],
    'further ahead than Loki takes': ['too_new', tooNew, { ...time(tooNew), ...all }],
    'no label': ['no_labels', recordText({ cloud: '', region: null, host: '', source: undefined }), TIME],
    'no tenant': ['bad_tenant', recordText({ cloud: '' }), { ...TIME, ...butCloud }, { tenant }],
    'a tenant that Loki would refuse': ['bad_tenant', recordText({ cloud: '../other' }), { ...TIME, ...all, cloud: '../other' }, { tenant }]
  }
  for (const [name, [reason, record, told, overrides]] of Object.entries(cases)) {
    test(`${name}: ${reason}, the record as it came, with what can be told of it`, () => {
      for (const metadata of [undefined, []]) {
        const entry = single(record, { ...overrides, ...(metadata === undefined ? {} : { metadata }) })
        assert.deepEqual(entry.selector, { source: 'lokean', quarantine: reason })
        assert.equal(entry.line, record)
        assert.equal(entry.time, arrival)
        assert.deepEqual(entry.counts, { [reason]: 1 })
        assert.equal(entry.tenant, reason === 'bad_tenant' ? 'lokean' : '')
        assert.deepEqual(entry.metadata, metadata === undefined ? { address: 'rsyslog/logs', ...told } : {})
      }
    })
  }

  test('each field is told once, by its label\'s name, and not where it is a label of the stream', () => {
    const record = recordText({ message: undefined, host: undefined, hostname: 'older', rack: 'r1', zone: 'z1' })
    const settings = encoderSettings({
      labels: mappings('cloud,node=host,twin=host,source,rack,zone,address=file'),
      lokiLabels: [{ name: 'zone', value: 'every' }, { name: 'source', value: 'every' }],
      origins: [{ address: 'a', labels: [{ name: 'rack', value: 'own' }], tenant: undefined }]
    })
    const encoder = new Encoder(settings)
    const told = (address: string): Record<string, string> =>
      encodeMessages([rsyslogMessage([record])], {}, encoder, address).entries[0].metadata
    assert.deepEqual(told('a'), { address: 'a', ...TIME, cloud: 'cloud1', node: 'older', source: 'tag1' })
    assert.deepEqual(told('b'), { address: 'b', ...TIME, cloud: 'cloud1', node: 'older', source: 'tag1', rack: 'r1' })
  })

  test('what is told has bounds, and is UTF-8', () => {
    const long = 'é'.repeat(1100)
    const many = Array.from({ length: 60 }, (_, i) => `l${i}`)
    const record = recordText({ message: undefined, host: long, ...Object.fromEntries(many.map(name => [name, long])) })
    const { metadata, counts } = single(record, { labels: mappings(['host', ...many].join()) })
    assert.equal(metadata.host, 'é'.repeat(1024))
    assert.ok(Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0) < 64 * 1024)
    assert.equal(Object.keys(metadata).length, 2 + 20)
    assert.deepEqual(counts, { no_message: 1, metadata_cut: 20 })
    const latin1 = single(Buffer.from('{"host":"caf\u00e9","source":"s","message":"x', 'latin1'))
    assert.deepEqual([latin1.metadata, latin1.selector.quarantine], [
      { address: 'rsyslog/logs', host: 'caf\ufffd', source: 's' }, 'invalid_json'
    ])
  })

  test('nothing is told of a record that the one before it had, or of a body that is no record', () => {
    const encoder = new Encoder(encoderSettings())
    const { entries } = encodeMessages([rsyslogMessage([recordText()]), Buffer.from('no AMQP'), rsyslogMessage(['x'])], {}, encoder)
    const told = entries.filter(({ labels }) => labels.includes('quarantine='))
    assert.deepEqual(told.map(({ metadata }) => metadata), Array(2).fill({ address: 'rsyslog/logs' }))
  })

  test('metadata of ordinary entries has nothing of it, between quarantined ones', () => {
    const { entries } = encode(['x', recordText({ file: '/f' }), 'y', recordText({ file: '/f' })], {})
    const stored = entries.filter(({ labels }) => !labels.includes('quarantine='))
    assert.deepEqual(stored.map(({ metadata }) => metadata), Array(2).fill({ file: '/f' }))
  })

  test('further behind the newest of its stream than Loki takes: too_late, where there is no backlog label; the limit itself is stored', () => {
    const at = (time: string, host = 'h1'): string => recordText({ '@timestamp': `2026-11-22T${time}Z`, host })
    const records = [at('08:00:00'), at('06:59:59.999'), at('07:00:00'), at('06:59:59.999', 'h2'), at('08:10:00'), at('07:09:59')]
    const { entries, counts } = encode(records, { backlogLabel: undefined })
    assert.deepEqual(counts, { too_late: 2 })
    const late = entries.filter(({ labels }) => labels.includes('quarantine="too_late"'))
    assert.deepEqual(late.map(({ line, metadata }) => [line, metadata.original_timestamp]), [
      [records[1], '2026-11-22T06:59:59.999Z'], [records[5], '2026-11-22T07:09:59Z']
    ])
  })

  test('the limits themselves are stored', () => {
    for (const time of ['2026-11-15T08:15:00.123456789Z', '2026-11-22T08:25:00.123456789Z']) {
      assert.deepEqual(single(recordText({ '@timestamp': time })).counts, {})
    }
  })

  test('the original time as it was written, wherever its bytes had to be unescaped', () => {
    const record = recordText({ '@timestamp': '2027-01-01T00:00:00+00:00' }).replace('2027-01', '2027\\u002d01')
    assert.equal(single(record).metadata.original_timestamp, '2027-01-01T00:00:00+00:00')
  })

  test('a fixed tenant keeps what is bad of its own', () => {
    assert.equal(single('x', { tenant: { kind: 'fixed', tenant: 'me' } }).tenant, 'me')
    assert.equal(single('x', { tenant: { kind: 'field', field: 'cloud' }, quarantineTenant: 'bin' }).tenant, 'bin')
  })

  test('so does an address with a tenant of its own, in a stream with its labels and those of every stream', () => {
    const settings = {
      tenant: { kind: 'field', field: 'cloud' } as const,
      quarantineTenant: 'bin',
      lokiLabels: ['cluster', 'zone', 'source'].map(name => ({ name, value: 'every' })),
      origins: [{ address: 'a', labels: ['cloud', 'zone', 'quarantine'].map(name => ({ name, value: 'own' })), tenant: 'own' }]
    }
    const encoder = new Encoder(encoderSettings(settings))
    const quarantine = 'quarantine="invalid_json", source="lokean"'
    for (const [address, tenant, labels] of [
      ['a', 'own', `{cloud="own", cluster="every", ${quarantine}, zone="own"}`],
      ['b', 'bin', `{cluster="every", ${quarantine}, zone="every"}`],
      ['a', 'own', `{cloud="own", cluster="every", ${quarantine}, zone="own"}`]
    ]) {
      const [entry] = encodeMessages([rsyslogMessage(['x'])], {}, encoder, address).entries
      assert.deepEqual([entry.tenant, entry.labels], [tenant, labels])
    }
  })

  test('text that is not UTF-8 either has its bytes replaced', () => {
    const record = Buffer.from('not JSON \xff\xe9', 'latin1')
    const { line, counts } = single(record)
    assert.equal(line, record.toString())
    assert.deepEqual(counts, { invalid_json: 1, utf8: 1 })
  })

  test('longer than a line may be: in numbered pieces, each at a time of its own', () => {
    const record = 'é'.repeat(2000) + 'x'
    const { entries, result } = encode([record, 'y'], { maxLineBytes: 1024 })
    assert.equal(entries.slice(0, -1).map(({ line }) => line).join(''), record)
    assert.deepEqual(entries.map(({ metadata }) => metadata.piece), ['1/4', '2/4', '3/4', '4/4', undefined])
    assert.deepEqual(entries.map(({ time }) => time - arrival), [0n, 1n, 2n, 3n, 4n])
    assert.equal(result.records, 2)
    assert.deepEqual(counters(result), { invalid_json: 2 })
  })

  test('no two of a batch have the same time, over messages, pieces and the end of a second', () => {
    const late = { seconds: ARRIVAL.seconds, nanos: 999_999_998 }
    const task = encodeTask([rsyslogMessage(['x', 'x', 'x'.repeat(3000)]), Buffer.from('x'), rsyslogMessage(['x'])], late)
    const entries = decodeParts(new Encoder(encoderSettings({ maxLineBytes: 1024 })).encode(task).parts)
    assert.equal(entries.length, 7)
    const times = entries.map(({ time }) => time - nanoseconds(late)).sort()
    assert.deepEqual(times, [0n, 1n, 2n, 3n, 4n, 5n, 6n])
  })
})

suite('values', () => {
  const line = (message: unknown): string => single(recordText({ message })).line

  test('a message that is no string is stored as JSON writes it', () => {
    assert.equal(line(1.5), '1.5')
    assert.equal(line(false), 'false')
    assert.equal(line({ a: [1, null] }), '{"a":[1,null]}')
    assert.equal(line([]), '[]')
  })

  test('one leading space and one trailing newline are taken away, and no more', () => {
    const lines = {
      ' a': 'a',
      '  a': ' a',
      'a\n': 'a',
      'a\n\n': 'a\n',
      ' \n': '',
      ' ': '',
      '\n': '',
      '': '',
      ' a\nb \n': 'a\nb ',
      '\ta ': '\ta ',
      '\ufeff a': '\ufeff a'
    }
    for (const [message, expected] of Object.entries(lines)) assert.equal(line(message), expected, JSON.stringify(message))
  })

  test('labels that are no strings', () => {
    const { selector } = single(recordText({ cloud: { a: 1 }, region: true, host: 7, source: null }))
    assert.deepEqual(selector, { cloud: '{"a":1}', region: 'true', host: '7' })
  })

  test('any characters in a label name the stream that is meant, and no other; U+FFFD, which Loki does not take, is a question mark', () => {
    const unit = fc.oneof({ weight: 19, arbitrary: anyCharacter }, { weight: 1, arbitrary: fc.constant('\ufffd') })
    fc.assert(fc.property(fc.string({ unit, minLength: 1, maxLength: 20 }), cloud => {
      assert.deepEqual(single(recordText({ cloud })).selector, { ...LABELS, cloud: cloud.replaceAll('\ufffd', '?') })
    }), { numRuns: scaled(500) })
  })

  test('hostname stands in for host, and only where there is none', () => {
    for (const host of [undefined, null, '']) assert.equal(single(recordText({ host, hostname: 'old' })).selector.host, 'old')
    assert.equal(single(recordText({ hostname: 'old' })).selector.host, 'host1')
  })

  test('a label of 5,000 characters is cut, and counted', () => {
    const { selector, counts } = single(recordText({ cloud: 'é'.repeat(5000) }), { labels: mappings('cloud,zone=cloud') })
    assert.deepEqual([selector, counts], [{ cloud: 'é'.repeat(1024), zone: 'é'.repeat(1024) }, { label_cut: 2 }])
  })

  test('metadata of 5,000 characters is cut, and counted', () => {
    const { metadata, counts } = single(recordText({ file: 'é'.repeat(5000) }))
    assert.deepEqual([metadata, counts], [{ file: 'é'.repeat(1024) }, { metadata_cut: 1 }])
  })

  test('bytes that are not UTF-8 are replaced, in the line by U+FFFD and in labels, where Loki does not take that, by a question mark', () => {
    const record = Buffer.from(recordText({ message: 'caf\u00e9 \u00ff', cloud: 'h\u00e9' }), 'latin1')
    const { line, selector, counts } = single(record)
    assert.deepEqual([line, selector.cloud, counts], ['caf\ufffd \ufffd', 'h?', { utf8: 1 }])
  })

  test('the tenant comes from its field', () => {
    const settings = { tenant: { kind: 'field', field: 'project' } as const }
    const { entries } = encode([recordText({ project: 'a' }), recordText({ project: 'b' }), recordText({ project: 'a' })], settings)
    assert.deepEqual(entries.map(({ tenant }) => tenant).sort(), ['a', 'a', 'b'])
    assert.equal(single(recordText(), { tenant: { kind: 'fixed', tenant: 'me' } }).tenant, 'me')
  })
})

suite('a line longer than Loki takes', () => {
  const long = Array.from({ length: 100_000 }, (_, i) => `${i} é日\u{1f600}`).join('')
  const limit = 256 * 1024

  test('of a megabyte: numbered pieces in order, nothing cut away, none broken inside a character', () => {
    const { entries, counts, result } = encode([recordText({ message: `${long}\n`, file: 'f', tag: 'x[7]' }), recordText()])
    const pieces = entries.filter(({ metadata }) => metadata.piece !== undefined)
    assert.ok(Buffer.byteLength(long) > 1024 * 1024)
    assert.equal(pieces.map(({ line }) => line).join(''), long)
    assert.ok(pieces.every(({ line }) => Buffer.byteLength(line) <= limit))
    for (const [i, { metadata, time }] of pieces.entries()) {
      assert.deepEqual(metadata, { piece: `${i + 1}/${pieces.length}`, file: 'f', pid: '7' })
      assert.equal(time, pieces[0].time + BigInt(i))
    }
    assert.deepEqual([counts, result.records, entries.length], [{ line_split: 1 }, 2, pieces.length + 1])
  })

  test('with metadata off: the number is in front', () => {
    const { entries } = encode([recordText({ message: long })], { metadata: [] })
    assert.ok(entries.every(({ line, metadata }) => Buffer.byteLength(line) <= limit && Object.keys(metadata).length === 0))
    const texts = entries.map(({ line }, i) => {
      const number = `[${i + 1}/${entries.length}] `
      assert.ok(line.startsWith(number), line.slice(0, 20))
      return line.slice(number.length)
    })
    assert.equal(texts.join(''), long)
  })

  test('what oslo.log says of it is said of each piece', () => {
    const message = `2026-11-22 08:00:01.234 7 INFO nova [req-1 u p] [instance: i-1] ${long}`
    const { entries } = encode([recordText({ message })])
    for (const [i, { metadata }] of entries.entries()) {
      assert.deepEqual(metadata, { piece: `${i + 1}/${entries.length}`, level: 'info', pid: '7', request_id: 'req-1', instance_id: 'i-1' })
    }
  })

  test('at the limit and about it', () => {
    for (const [size, pieces] of [[1023, 1], [1024, 1], [1025, 2], [2048, 2], [2049, 3]]) {
      const { entries } = encode([recordText({ message: 'x'.repeat(size) })], { maxLineBytes: 1024 })
      assert.deepEqual([entries.length, entries.map(({ line }) => line).join('').length], [pieces, size])
    }
  })
})
