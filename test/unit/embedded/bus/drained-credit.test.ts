import assert from 'node:assert/strict'
import { test } from 'node:test'
import rhea from 'rhea'
import { onDrained } from '../../../../src/embedded/bus/drained-credit.ts'
import { OutgoingCredit } from '../../../../src/embedded/bus/outgoing-credit.ts'

interface Link { credit: number, delivery_count: number, on_flow (frame: { performative: object }): void, _get_drain (): boolean }

const session = () => rhea.create_container().create_connection({ port: 0 }).create_session()

for (const [answer, granted, left] of [['comes first', 0, 0], ['crosses a grant of 7', 7, 7]] as const) {
  test(`the answer to a drain that ${answer} leaves ${left} credits`, () => {
    const receiver = session().open_receiver({ source: { address: 'a' }, credit_window: 0 })
    const link = receiver as unknown as Link
    let drained = 0
    onDrained(receiver, () => { drained++ })
    Object.assign(link, { delivery_count: 100, credit: 5 + granted })
    // The peer had a credit of 5 when it was told to drain.
    link.on_flow({ performative: { drain: true, delivery_count: 105, link_credit: 0 } })
    assert.deepEqual([link.credit, link.delivery_count, drained], [left, 105, 1])
    link.on_flow({ performative: { delivery_count: 105, link_credit: left } })
    assert.equal(drained, 1)
  })
}

test('a drain by a peer that knows less than was sent already finds nothing to give back, and an end', () => {
  const sender = session().open_sender('a')
  const link = sender as unknown as Link
  link.delivery_count = 10
  const credit = new OutgoingCredit(sender)
  link.on_flow({ performative: { drain: true, delivery_count: 7, link_credit: 1 } })
  assert.equal(link.credit, -2)
  credit.drain()
  assert.equal(link._get_drain(), false)
  assert.deepEqual([link.credit, link.delivery_count, credit.left], [0, 10, 0])
})
