import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EncodeResult } from '../../../../src/worker/messages/tasks.ts'
import { quarantineMessage } from '../../../../src/worker/output/quarantine-message.ts'
import { decodeParts, encoderSettings } from '../../../helpers/worker-fixtures.ts'

/** Joins the pieces, as an operator would to get the message back. */
function read ({ parts }: EncodeResult) {
  const entries = decodeParts(parts)
  const lines = entries.map(({ line }) => line)
  const joined = lines.map(line => line.replace(/^\[\d+\/\d+\] /, '')).join('')
  return {
    message: Buffer.from(joined.slice(joined.indexOf('base64: ') + 8), 'base64'),
    lines,
    metadata: entries.map(({ metadata }) => metadata),
    labels: new Set(entries.map(({ labels }) => labels)),
    times: entries.map(({ time }) => time)
  }
}

test('a message comes out as it went in, in pieces that Loki takes, each at a time of its own', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), (message, metadata) => {
    const settings = encoderSettings({ maxLineBytes: 1024, ...(metadata ? {} : { metadata: [] }) })
    const result = quarantineMessage({ address: 'a', message, arrivalSeconds: 7, arrivalNanos: 999_999_998 }, settings)
    const { message: back, lines, labels, times, metadata: told } = read(result)
    assert.ok(back.equals(message))
    const pieces = lines.map((_, i) => lines.length === 1 ? undefined : `${i + 1}/${lines.length}`)
    assert.deepEqual(told, pieces.map(piece => metadata ? { address: 'a', ...(piece === undefined ? {} : { piece }) } : {}))
    assert.ok(metadata || lines.every((line, i) => pieces[i] === undefined || line.startsWith(`[${pieces[i]}] `)))
    assert.ok(lines.every(line => Buffer.byteLength(line) <= 1024))
    assert.deepEqual([...labels], ['{quarantine="worker_failed", source="lokean"}'])
    assert.deepEqual(times, lines.map((_, i) => 7_999_999_998n + BigInt(i)))
    assert.equal(result.records, 1)
  }))
})

test('a short one is a single line that says how long it was', () => {
  const { lines } = read(quarantineMessage({
    address: 'a', message: Buffer.from('abc'), arrivalSeconds: 1, arrivalNanos: 0
  }, encoderSettings()))
  assert.deepEqual(lines, ['3 bytes, base64: YWJj'])
})

test('a long address is told in short', () => {
  const task = { address: 'é'.repeat(5000), message: Buffer.from('abc'), arrivalSeconds: 1, arrivalNanos: 0 }
  assert.deepEqual(read(quarantineMessage(task, encoderSettings())).metadata, [{ address: 'é'.repeat(128) }])
})

test('it goes to the tenant of the quarantine', () => {
  const task = { address: 'a', message: Buffer.from('abc'), arrivalSeconds: 1, arrivalNanos: 0 }
  const tenantOf = (settings: Parameters<typeof encoderSettings>[0]): string =>
    quarantineMessage(task, encoderSettings(settings)).parts[0].tenant
  assert.equal(tenantOf({ tenant: { kind: 'none' } }), '')
  assert.equal(tenantOf({ tenant: { kind: 'fixed', tenant: 't' } }), 't')
  assert.equal(tenantOf({ tenant: { kind: 'field', field: 'cloud' }, quarantineTenant: 'q' }), 'q')
  assert.equal(tenantOf({ tenant: { kind: 'fixed', tenant: 't' }, origins: [{ address: 'a', labels: [], tenant: 'own' }] }), 'own')
  assert.equal(tenantOf({ tenant: { kind: 'fixed', tenant: 't' }, origins: [{ address: 'b', labels: [], tenant: 'own' }] }), 't')
})
