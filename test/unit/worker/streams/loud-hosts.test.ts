import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Encoder } from '../../../../src/worker/encoder.ts'
import type { HostCount } from '../../../../src/worker/messages/tasks.ts'
import type { EncoderSettings } from '../../../../src/worker/messages/settings.ts'
import { ARRIVAL, encoderSettings, encodeTask, mappings, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

/** Encodes batches of records, and returns what each told of hosts. */
function told (
  batches: ReadonlyArray<{ records: ReadonlyArray<Record<string, unknown> | string>, after?: number, address?: string }>,
  settings: Partial<EncoderSettings> = {}
): Array<readonly HostCount[] | undefined> {
  const encoder = new Encoder(encoderSettings(settings))
  return batches.map(({ records, after = 0, address }) => {
    const message = rsyslogMessage(records.map(record => typeof record === 'string' ? record : recordText(record)))
    return encoder.encode(encodeTask([message], { ...ARRIVAL, seconds: ARRIVAL.seconds + after }, address)).loudHosts
  })
}

const host = (name: string, cloud = 'cloud1'): string => `{cloud="${cloud}", host="${name}", region="regionOne"}`

test('the records of a host count together, whatever their sources, and the loudest comes first', () => {
  const [first] = told([{ records: [{ host: 'a' }, { host: 'b', source: 'x' }, { host: 'b', source: 'y' }, { host: 'b' }] }])
  assert.deepEqual(first, [{ host: host('b'), records: 3 }, { host: host('a'), records: 1 }])
})

test('what comes soon after it was told is told later, and once', () => {
  const batch = { records: [{ host: 'a' }, { host: 'a', '@timestamp': '2020-01-01T00:00:00Z' }] }
  assert.deepEqual(told([batch, { ...batch, after: 1 }, { ...batch, after: 4 }, { ...batch, after: 5 }, { ...batch, after: 9 }]), [
    [{ host: host('a'), records: 1 }], undefined, undefined, [{ host: host('a'), records: 3 }], undefined
  ])
})

test('hosts of one name in two clouds are two, also where the address gives the cloud', () => {
  const origins = [{ address: 'b', labels: [{ name: 'cloud', value: 'cloud2' }], tenant: undefined }]
  const records = [{ host: 'controller-0' }]
  assert.deepEqual(told([{ records, address: 'a' }, { records, address: 'b', after: 5 }], { origins }), [
    [{ host: host('controller-0'), records: 1 }], [{ host: host('controller-0', 'cloud2'), records: 1 }]
  ])
})

test('where no label tells the host, none is told', () => {
  for (const labels of ['cloud,source', 'source']) {
    assert.deepEqual(told([{ records: [{}] }], { labels: mappings(labels) }), [undefined])
  }
})

test('a label of another name tells the host as well, and the labels of every stream do not', () => {
  const settings = { labels: mappings('node=host,source'), lokiLabels: [{ name: 'cluster', value: 'x' }] }
  assert.deepEqual(told([{ records: [{ host: 'a' }] }], settings), [[{ host: '{node="a"}', records: 1 }]])
})

test('records in quarantine are not counted, and a batch of nothing else tells nothing', () => {
  assert.deepEqual(told([{ records: ['no json', '{}'] }]), [undefined])
})

test('of many hosts, the twenty loudest are told', () => {
  const records = Array.from({ length: 60 }, (_, i) => Array.from({ length: 1 + i }, () => ({ host: `h${i}` }))).flat()
  const [first] = told([{ records }])
  assert.deepEqual(first, Array.from({ length: 20 }, (_, i) => ({ host: host(`h${59 - i}`), records: 60 - i })))
})
