import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import { checkEntries, pushOf } from '../../../../src/commands/check/entry.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { VERSION } from '../../../../src/version.ts'
import { decodePush } from '../../../../src/worker/output/push-schema.ts'

test('one entry a tenant, and one for each set of label names', () => {
  const { config } = loadConfig({
    LOKEAN_AMQP_ADDRESSES: 'a;cloud=one,b;cloud=two,c;cloud=three;rack=r1,d,e;cloud=five;tenant=t5',
    LOKEAN_LOKI_TENANT: 't'
  })
  assert.deepEqual(checkEntries(config), [
    { tenant: 't', address: 'a', labels: '{check="push", cloud="one", source="lokean"}' },
    { tenant: 't', address: 'c', labels: '{check="push", cloud="three", rack="r1", source="lokean"}' },
    { tenant: 't', address: 'd', labels: '{check="push", source="lokean"}' },
    { tenant: 't5', address: 'e', labels: '{check="push", cloud="five", source="lokean"}' }
  ])
})

test('labels of every stream are those of the entry too', () => {
  const { config } = loadConfig({ LOKEAN_AMQP_ADDRESSES: 'a,b;cluster=own', LOKEAN_LOKI_LABELS: 'cluster=all,source=mine' })
  assert.deepEqual(checkEntries(config).map(({ labels }) => labels), ['{check="push", cluster="all", source="lokean"}'])
})

test('its own labels win, and a tenant comes as for quarantine', () => {
  const { config } = loadConfig({ LOKEAN_AMQP_ADDRESSES: 'a;source=mine;check=no;cloud=c1,b', LOKEAN_LOKI_TENANT: '{cloud}' })
  assert.deepEqual(checkEntries(config).map(({ tenant, labels }) => [tenant, labels]), [
    ['c1', '{check="push", cloud="c1", source="lokean"}'],
    ['lokean', '{check="push", source="lokean"}']
  ])
})

test('the entry has the time, and the metadata of records', () => {
  const { config } = loadConfig({ LOKEAN_METADATA: 'pid,rid=request_id' })
  const [entry] = checkEntries(config)
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(pushOf(entry, config, 1_700_000_000_123))) as Buffer)
  assert.deepEqual(streams, [{
    labels: '{check="push", source="lokean"}',
    entries: [{
      timestamp: { seconds: 1_700_000_000, nanos: 123_000_000 },
      line: `Lokean ${VERSION} tries the settings (lokean check)`,
      structuredMetadata: [{ name: 'pid', value: 'check' }, { name: 'rid', value: 'check' }]
    }]
  }])
  const off = loadConfig({ LOKEAN_METADATA: 'off' }).config
  const plain = decodePush(snappy.uncompressSync(Buffer.from(pushOf(entry, off, 0))) as Buffer)
  assert.deepEqual(plain.streams[0].entries[0].structuredMetadata, [])
})
