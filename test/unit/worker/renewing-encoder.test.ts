import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ActiveStreams } from '../../../src/worker/streams/active-streams.ts'
import { RenewingEncoder, SPARE_BYTES } from '../../../src/worker/renewing-encoder.ts'
import type { EncodeTask, NewStream } from '../../../src/worker/messages/tasks.ts'
import {
  ARRIVAL, decodeParts, type DecodedEntry, encoderSettings, encodeTask, recordText, rsyslogMessage
} from '../../helpers/worker-fixtures.ts'
import { until } from '../../helpers/until.ts'
import { wasmMemoryBytes } from '../../helpers/wasm-memory.ts'

const MIB = 2 ** 20

/** A message of so many bytes, and its one record. */
function message (bytes: number): Buffer {
  return rsyslogMessage([recordText({ message: 'x'.repeat(bytes) })])
}

const giant: EncodeTask = encodeTask([message(60 * MIB)])
const ordinary: EncodeTask = encodeTask([message(300), message(MIB)])

function entriesOf (encoder: RenewingEncoder, task: EncodeTask): DecodedEntry[] {
  return decodeParts(encoder.encode(task).parts)
}

test('after a message of 60 MiB and a few ordinary batches, the memory is as before, and so are the entries', () => {
  const encoder = new RenewingEncoder(encoderSettings())
  const entries = entriesOf(encoder, ordinary)
  const before = encoder.memoryBytes
  assert.equal(encoder.encode(giant).records, 1)
  const behind = encoder.memoryBytes
  assert.ok(behind > 60 * MIB, `${behind} bytes`)
  for (let batch = 0; batch < 8; batch++) {
    assert.equal(encoder.memoryBytes, behind, 'not before ordinary batches have followed')
    assert.deepEqual(entriesOf(encoder, ordinary), entries)
  }
  assert.ok(encoder.memoryBytes < before)
  assert.deepEqual(entriesOf(encoder, ordinary), entries)
  assert.equal(encoder.memoryBytes, before)
})

test('what a giant message took goes back to the machine, although a worker makes little garbage', async () => {
  const encoder = new RenewingEncoder(encoderSettings())
  encoder.encode(ordinary)
  const before = wasmMemoryBytes(process.pid)
  encoder.encode(giant)
  assert.ok(wasmMemoryBytes(process.pid) > before + 60 * MIB)
  for (let batch = 0; batch < 8; batch++) encoder.encode(ordinary)
  await until('it is back', () => wasmMemoryBytes(process.pid) <= before)
})

test('after a message of 60 MiB, the memory comes back when little follows, or nothing', () => {
  for (const following of [ordinary, undefined]) {
    const encoder = new RenewingEncoder(encoderSettings())
    const before = encoder.memoryBytes
    encoder.encode(giant)
    encoder.endPeriod()
    assert.ok(encoder.memoryBytes > before, 'it may be needed again')
    if (following !== undefined) encoder.encode(following)
    encoder.endPeriod()
    assert.equal(encoder.memoryBytes, before)
  }
})

test('when the load has fallen, the new encoder knows of the streams that Loki knows', () => {
  const active = ActiveStreams.create()
  const encoder = new RenewingEncoder(encoderSettings({ activeStreams: active.memory }))
  const newStreams = (task: EncodeTask): NewStream[] => encoder.encode(task).parts.flatMap(({ newStream }) => newStream ?? [])
  const after = (seconds: number): EncodeTask => encodeTask([message(300)], { ...ARRIVAL, seconds: ARRIVAL.seconds + seconds })
  const shown = newStreams(encodeTask([message(MIB)]))
  assert.ok(shown.length > 0)
  assert.deepEqual(newStreams(after(1)), [])
  for (const stream of shown) active.stored(stream, ARRIVAL.seconds)
  encoder.endPeriod()
  encoder.endPeriod()
  assert.deepEqual(newStreams(after(2)), [])
})

test('while large messages come again and again, the memory is kept for them', () => {
  const encoder = new RenewingEncoder(encoderSettings())
  encoder.encode(giant)
  const behind = encoder.memoryBytes
  for (let round = 0; round < 3; round++) {
    for (let batch = 0; batch < 7; batch++) encoder.encode(ordinary)
    encoder.encode(encodeTask([message(3 * MIB)]))
    assert.equal(encoder.memoryBytes, behind)
  }
})

test('the largest ordinary batch stays within what is kept', () => {
  const settings = encoderSettings({ pushBytes: 16 * MIB })
  const encoder = new RenewingEncoder(settings)
  const before = encoder.memoryBytes
  encoder.encode(encodeTask(Array.from({ length: 32 }, () => message(2 * MIB - 1000))))
  assert.ok(encoder.memoryBytes <= before + SPARE_BYTES, `${encoder.memoryBytes - before} bytes more`)
})
