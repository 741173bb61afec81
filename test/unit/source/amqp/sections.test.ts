import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import rhea from 'rhea'
import { bareMessage, cameBack } from '../../../../src/source/amqp/sections.ts'

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

test('a message came back where its header counts a delivery before', () => {
  const header = fc.record({
    durable: optional(fc.boolean()),
    priority: optional(fc.nat(255)),
    ttl: optional(fc.nat(0xffffffff)),
    first_acquirer: optional(fc.boolean()),
    delivery_count: optional(fc.oneof(fc.nat(3), fc.nat(0xffffffff)))
  })
  fc.assert(fc.property(header, fields => {
    const encoded = rhea.message.encode({ ...fields, body: 'text' })
    assert.equal(cameBack(encoded), (fields.delivery_count ?? 0) > 0)
    assert.equal(encoded.subarray(bareMessage(encoded)).toString('hex'), '00537345005377a10474657874')
  }))
})

test('a wide list, and a count in one byte or four', () => {
  const wide = (count: string): boolean => cameBack(Buffer.from(`005370d00000000a0000000540404040${count}005377`, 'hex'))
  assert.deepEqual(['43', '5200', '5201', '7000000000', '7000000100', '40'].map(wide), [false, false, true, false, true, false])
})

test('no header, one without fields, one that is cut: none came back, and none throws', () => {
  const whole = Buffer.from('005370c0090540404040700000000100', 'hex')
  assert.equal(cameBack(whole), true)
  assert.equal(cameBack(Buffer.from('005370450053774101', 'hex')), false)
  assert.equal(cameBack(Buffer.from('005377a10568656c6c6f', 'hex')), false)
  for (let length = 0; length < 11; length++) assert.equal(cameBack(whole.subarray(0, length)), false, `${length} bytes`)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => { cameBack(Buffer.concat([Buffer.from('005370', 'hex'), bytes])) }))
})

test('the bare message begins behind header and annotations, whatever their size', () => {
  const annotations = fc.oneof(fc.constant(undefined), fc.dictionary(fc.string(), fc.string({ maxLength: 200 }), { maxKeys: 4 }))
  const front = fc.record({ delivery_annotations: annotations, message_annotations: annotations })
  fc.assert(fc.property(front, fc.string(), (front, subject) => {
    const bare = { subject, application_properties: { key: 'value' }, body: 'text' }
    const encoded = rhea.message.encode({ ...bare, ...front })
    // In front of it, rhea writes a header without fields at least.
    assert.deepEqual(encoded.subarray(bareMessage(encoded)), rhea.message.encode(bare).subarray(4))
  }))
})

test('whatever the bytes, it ends, and within the message', () => {
  const start = fc.constantFrom('005370', '00537045', '005371c1', '005370d0fffffff8', '005372d1ffffffff', '005370d0', '005373')
  fc.assert(fc.property(start, fc.uint8Array({ maxLength: 40 }), (head, rest) => {
    const bytes = Buffer.concat([Buffer.from(head, 'hex'), rest])
    const at = bareMessage(bytes)
    assert.ok(at >= 0 && at <= bytes.length)
  }))
})
