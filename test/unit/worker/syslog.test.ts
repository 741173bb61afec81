import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Encoder } from '../../../src/worker/encoder.ts'
import { parseSelector } from '../../helpers/selector.ts'
import { assertCase, storedRecord } from '../../helpers/syslog-expected.ts'
import { framed, RECEIVED, receivedAt, SYSLOG_CASES } from '../../helpers/syslog-cases.ts'
import { syslogDelivery } from '../../helpers/syslog-delivery.ts'
import {
  counters, type DecodedEntry, decodeParts, encoderSettings, encodeTask, mappings, nanoseconds, recordText, rsyslogMessage
} from '../../helpers/worker-fixtures.ts'

const PEER = '192.0.2.9'
const ARRIVAL = { seconds: RECEIVED / 1000, nanos: 5 }
const SETTINGS = encoderSettings({
  metadata: mappings('level,file,pid,request_id,instance_id,severity,facility,structured_data,msgid,tag,procid'),
  maxAgeMs: 100 * 365 * 86_400_000,
  maxAheadMs: 365 * 86_400_000,
  maxDisorderMs: Infinity
})

interface Encoded { entries: DecodedEntry[], counts: ReturnType<typeof counters>, empty: number, records: number }

function encode (deliveries: readonly Buffer[], arrival = ARRIVAL, format: 'syslog' | 'amqp' = 'syslog'): Encoded {
  const result = new Encoder(SETTINGS).encode(encodeTask(deliveries, arrival, 'syslog', format))
  const entries = decodeParts(result.parts)
  return { entries, counts: counters(result), empty: result.empty, records: result.records }
}

/** The entries of these records, in the order of their times. */
function entriesOf (...records: Array<string | Uint8Array | [string, number]>): DecodedEntry[] {
  return encode([syslogDelivery(records, PEER)]).entries.sort((a, b) => Number(a.time - b.time))
}

suite('what real senders write', () => {
  for (const one of SYSLOG_CASES) {
    test(one.id, () => {
      const arrival = { seconds: receivedAt(one) / 1000, nanos: 5 }
      // Records of one stream and time follow each other by a nanosecond; each is encoded by itself here.
      const entries = framed([one.stream]).records.flatMap(record => encode([syslogDelivery([record], PEER)], arrival).entries)
      assertCase(one, entries.map(entry => storedRecord(entry)), { peer: PEER, arrival: nanoseconds(arrival) })
    })
  }
})

suite('JSON', () => {
  const records = [recordText(), recordText({ message: ' a "line"\n', file: '/x' }), recordText({ host: '-', severity: 3, '@timestamp': 1795771800 })]
  const plain = (delivery: Buffer, format: 'syslog' | 'amqp'): unknown => {
    const { entries, counts, records } = encode([delivery], ARRIVAL, format)
    return { counts, records, entries }
  }
  const fromBus = plain(rsyslogMessage(records), 'amqp')

  test('alone: the entries that the bus gives', () => assert.deepEqual(plain(syslogDelivery(records), 'syslog'), fromBus))

  for (const front of ['@cee:', '@cee: ', '<13>', '<13>@cee: ', '<13>Nov 27 10:00:00 h a: ', '<13>1 2026-11-27T10:00:00Z h a 7 - - \ufeff@cee:']) {
    test(`behind ${JSON.stringify(front)}: the entries that the bus gives`, () => {
      assert.deepEqual(plain(syslogDelivery(records.map(record => front + record)), 'syslog'), fromBus)
    })
  }

  test('what is no record stays a text, byte for byte', () => {
    for (const object of ['{"a":"\\u00e9\\n"}', '{"@timestamp":"2026-11-27T10:00:00Z"}', '{"message":"\\t"}', '{"message":', '{}', '{"a":{"message":"\\n"}}']) {
      const [entry] = entriesOf(`<11>Nov 27 10:00:00 host1 app[7]: ${object}`)
      assert.deepEqual([entry.line, parseSelector(entry.labels).host, entry.metadata.pid, entry.metadata.facility], [object, 'host1', '7', 'user'])
    }
  })

  test('broken JSON alone goes where it goes from the bus', () => {
    assert.deepEqual(encode([syslogDelivery(['{"message":'])]).counts, { invalid_json: 1 })
  })
})

suite('fields', () => {
  test('become labels and metadata as those of the template do', () => {
    const [entry] = entriesOf('<131>1 2026-11-27T10:00:00.123456Z host1.example nova-compute 7 ID47 [a@1 b="c"] text')
    const { host, source, service_name: service } = parseSelector(entry.labels)
    assert.deepEqual([host, source, service], ['host1.example', 'nova-compute', 'nova-compute'])
    assert.deepEqual(entry.metadata, {
      level: 'error', pid: '7', procid: '7', severity: '3', facility: 'local0', structured_data: '[a@1 b="c"]', msgid: 'ID47'
    })
    assert.deepEqual([entry.line, entry.time], ['text', BigInt(Date.UTC(2026, 10, 27, 10)) * 1_000_000n + 123_456_000n])
  })

  test('a line without priority has the level of its format, and none without one', () => {
    const head = 'Nov 27 10:00:00 compute-0.example nova-compute[1234]: '
    const [first, second] = entriesOf(`${head}2026-11-27 10:00:00.123 9 ERROR nova [-] boom`, `${head}boom`)
    assert.deepEqual(first.metadata, { level: 'error', pid: '9', procid: '1234', tag: 'nova-compute[1234]:' })
    assert.deepEqual(second.metadata, { pid: '1234', procid: '1234', tag: 'nova-compute[1234]:' })
  })

  test('an unknown address gives no host', () => {
    const { entries: [entry] } = encode([syslogDelivery(['<13>app'], '')])
    assert.equal(parseSelector(entry.labels).host, undefined)
  })

  test('bytes that are not UTF-8 are replaced, in an address too', () => {
    const { entries: [entry], counts } = encode([syslogDelivery([Buffer.from('<13>Nov 27 10:00:00 host1 app: caf\xe9', 'latin1')], 'caf\xe9')])
    assert.deepEqual([entry.line, counts], ['caf\ufffd', { utf8: 1 }])
    assert.deepEqual(parseSelector(encode([syslogDelivery(['<13>x'], 'caf\xe9')]).entries[0].labels).host, undefined)
  })

  test('the blank of an indented line is its own where there is no header', () => {
    assert.deepEqual(entriesOf('  File "x"', '<13>Nov 27 10:00:00 host1 app:   File "x"').map(({ line }) => line), ['  File "x"', '  File "x"'])
  })

  test('nothing at all is counted, and not stored', () => {
    const { entries, empty, records } = encode([syslogDelivery(['', '\n', '\0', '\r\n', '<13>'])])
    assert.deepEqual([entries.length, empty, records], [1, 4, 5])
  })
})

suite('equal times', () => {
  const noon = BigInt(Date.UTC(2026, 10, 27, 10)) * 1_000_000n
  const times = (...records: Array<[string, number]>): bigint[] => entriesOf(...records).map(({ time }) => time - noon)

  test('are told apart by what the source has counted', () => {
    const line = '<13>Nov 27 10:00:00 host1 app: x'
    assert.deepEqual(times([line, 3], [line, 4], ['{"@timestamp":"2026-11-27T10:00:00Z","host":"host1","message":"x"}', 5]), [3n, 4n, 5n])
  })

  test('an equal message of one batch is none that is sent again', () => {
    const delivery = syslogDelivery(['<13>Nov 27 10:00:00 host1 app: x'])
    assert.deepEqual(encode([delivery, delivery]).entries.map(({ time }) => time - noon), [0n, 1n])
  })

  test('a time of arrival is nobody\'s but this record\'s', () => {
    assert.deepEqual(entriesOf(['<13>a: b', 7], ['<13>c: d', 9]).map(({ time }) => time - nanoseconds(ARRIVAL)), [0n, 1n])
  })
})
