import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundEntry } from '../../../../src/commands/replay/found-entry.ts'
import { Rebuilder } from '../../../../src/commands/replay/rebuild.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import type { DeliveryFormat } from '../../../../src/worker/messages/tasks.ts'
import { bodyOf } from '../../../helpers/messages.ts'
import { decodeParts, encoderSettings, mappings } from '../../../helpers/worker-fixtures.ts'
import { encodeMessages } from '../../../helpers/encode-records.ts'

function rebuilder (env: Record<string, string> = {}): Rebuilder {
  const { config } = loadConfig(env)
  const format = (address: string): DeliveryFormat => address.startsWith('udp') ? 'records' : 'amqp'
  return new Rebuilder(config, config.addresses.map(origin => ({ ...origin, format: format(origin.address) })))
}

function entry (over: Partial<FoundEntry>): FoundEntry {
  const labels = { source: 'lokean', quarantine: 'too_old' }
  return { tenant: '', labels, timestamp: '1795335208486506789', line: '{}', metadata: {}, ...over }
}

/** The record that was made of the entry. */
function recordOf (found: FoundEntry, env: Record<string, string> = {}): Record<string, string> {
  const rebuilt = rebuilder(env).rebuild(found)
  assert.ok(typeof rebuilt !== 'string', String(rebuilt))
  return JSON.parse(Buffer.from(rebuilt.message.subarray(8)).toString()) as Record<string, string>
}

test('a line in quarantine is the record, in the format of its address', () => {
  const env = { LOKEAN_AMQP_ADDRESSES: 'a,b', LOKEAN_SOCKET: 'udp://127.0.0.1:9' }
  const of = (address: string): unknown => rebuilder(env).rebuild(entry({ line: 'é', metadata: { address } }))
  assert.deepEqual(of('b'), { address: 'b', message: Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, 2, 0xc3, 0xa9]) })
  assert.deepEqual(of('udp://127.0.0.1:9'), { address: 'udp://127.0.0.1:9', message: Buffer.from([0, 0, 0, 2, 0xc3, 0xa9]) })
  assert.equal(of('c'), 'unknown_address')
})

test('without metadata, the labels of the stream tell the address, and the tenant does', () => {
  const env = { LOKEAN_AMQP_ADDRESSES: 'plain,a;zone=a,aa;zone=a;site=1,t;zone=t;tenant=acme', LOKEAN_LOKI_LABELS: 'cluster=x' }
  const of = (labels: Record<string, string>, tenant = ''): unknown => {
    const rebuilt = rebuilder(env).rebuild(entry({ tenant, labels: { source: 'lokean', quarantine: 'too_old', cluster: 'x', ...labels } }))
    return typeof rebuilt === 'string' ? rebuilt : rebuilt.address
  }
  assert.equal(of({}), 'plain')
  assert.equal(of({ zone: 'a' }), 'a')
  assert.equal(of({ zone: 'a', site: '1' }), 'aa')
  assert.equal(of({ zone: 't' }, 'acme'), 't')
  assert.equal(of({ zone: 't' }, 'other'), 'plain')
  assert.equal(of({ cluster: 'y' }), 'unknown_address')
})

test('base64 is decoded, and must have as many bytes as it says', () => {
  const of = (quarantine: string, line: string): unknown => {
    const rebuilt = rebuilder().rebuild(entry({ labels: { source: 'lokean', quarantine }, line }))
    return typeof rebuilt === 'string' ? rebuilt : Buffer.from(rebuilt.message).toString('hex')
  }
  assert.equal(of('worker_failed', '3 bytes, base64: AFN3'), '005377')
  assert.equal(of('worker_failed', '4 bytes, base64: AFN3'), 'damaged')
  assert.equal(of('worker_failed', 'AFN3'), 'damaged')
  assert.equal(of('bad_body', '3 bytes, base64: AFN3'), '005377', 'a section is one already')
  assert.equal(of('bad_body', '2 bytes, base64: VQU='), bodyOf(Buffer.from([0x55, 5])).toString('hex'))
})

test('what Loki refused is told by metadata, also under the names that Loki gives', () => {
  const labels = { source: 'lokean', quarantine: 'refused' }
  const told = { address: 'rsyslog/logs', original_timestamp: '2026-11-22T08:13:28.000000001Z', detected_level: 'error' }
  assert.deepEqual(recordOf(entry({ labels, line: ' two\n', metadata: { ...told, host: 'h', source_extracted: 'sudo' } })), {
    detected_level: 'error', level: 'error', host: 'h', source: 'sudo', '@timestamp': told.original_timestamp, message: '  two\n\n'
  })
  assert.equal(rebuilder().rebuild(entry({ labels, metadata: { address: 'rsyslog/logs' } })), 'untold')
  assert.equal(rebuilder().rebuild(entry({ metadata: { address: 'rsyslog/logs', piece: '1/2' } })), 'incomplete')
})

test('a dead letter becomes its entry again, by the present mapping; a tenant that no label tells is kept', () => {
  const letter = entry({
    tenant: 'acme', labels: { node: 'h1', source: 'nova' }, line: 'a line', metadata: { level: 'error', pid: '7', piece: '2/3' }
  })
  const env = { LOKEAN_LABELS: 'node=host,source', LOKEAN_METADATA: 'level,pid', LOKEAN_LOKI_TENANT: '{cloud}' }
  const record = recordOf(letter, env)
  assert.deepEqual([record.cloud, record.host, record.message], ['acme', 'h1', '[2/3] a line'])
  const rebuilt = rebuilder(env).rebuild(letter)
  assert.ok(typeof rebuilt !== 'string')
  const { result } = encodeMessages([rebuilt.message], encoderSettings({
    labels: mappings('node=host,source'),
    metadata: mappings('level,pid'),
    tenant: { kind: 'field', field: 'cloud' },
    maxAgeMs: Infinity
  }))
  const [{ labels, time, line, metadata, tenant } = assert.fail()] = decodeParts(result.parts)
  assert.deepEqual({ labels, time: String(time), line, metadata, tenant }, {
    labels: '{node="h1", source="nova"}',
    time: letter.timestamp,
    line: '[2/3] a line',
    metadata: { level: 'error', pid: '7' },
    tenant: 'acme'
  })
})
