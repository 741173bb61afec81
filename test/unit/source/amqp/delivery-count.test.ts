import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import rhea from 'rhea'
import { cameBack } from '../../../../src/source/amqp/delivery-count.ts'

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
