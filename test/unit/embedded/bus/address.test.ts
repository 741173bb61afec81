import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Address } from '../../../../src/embedded/bus/address.ts'
import type { Delivery, Outcome, ReceiverPort, SenderPort } from '../../../../src/embedded/bus/ports.ts'

const OWN = { released: { name: 'released', state: 'own' }, modified: { name: 'modified', state: 'own' } } as const
const ACCEPTED: Outcome = { name: 'accepted', state: 'theirs' }

class FakeSender implements SenderPort {
  credit = 0
  drains = 0
  grants: number[] = []
  readonly outcomes: string[] = []
  grant (credit: number): void {
    this.credit += credit
    this.grants.push(credit)
  }

  drain (): void { this.drains++ }

  /** Sends one message, as a peer with credit does. */
  send (address: Address, text: string, presettled = false): void {
    this.credit--
    address.receive(this, {
      message: Buffer.from(text), format: 0, presettled, settle: outcome => this.outcomes.push(`${text} ${outcome.name}`)
    })
  }
}

class FakeReceiver implements ReceiverPort {
  credit: number
  readonly got: Delivery[] = []
  constructor (credit: number) { this.credit = credit }
  get texts (): string[] { return this.got.map(({ message }) => message.toString()) }
  send (delivery: Delivery): void {
    assert.ok(this.credit > 0, 'sent without credit')
    this.credit--
    this.got.push(delivery)
  }
}

function attach (address: Address, ...receivers: FakeReceiver[]): FakeSender {
  for (const receiver of receivers) address.addReceiver(receiver)
  const sender = new FakeSender()
  address.addSender(sender)
  return sender
}

test('a sender has no credit until a receiver attaches', () => {
  const address = new Address(250, OWN)
  const sender = attach(address)
  assert.deepEqual(sender.grants, [])
  address.addReceiver(new FakeReceiver(0))
  assert.deepEqual(sender.grants, [250])
})

test('the sender sees the receiver\'s own outcome, and only when it is given', () => {
  const address = new Address(250, OWN)
  const receiver = new FakeReceiver(10)
  const sender = attach(address, receiver)
  for (const text of ['a', 'b', 'c', 'd']) sender.send(address, text)
  assert.deepEqual(sender.outcomes, [])
  for (const [i, name] of (['released', 'accepted', 'modified', 'rejected'] as const).entries()) {
    address.settled(receiver.got[i], { name, state: 0 })
  }
  assert.deepEqual(sender.outcomes, ['a released', 'b accepted', 'c modified', 'd rejected'])
  address.settled(receiver.got[0], ACCEPTED)
  assert.equal(sender.outcomes.length, 4, 'an outcome is final')
  assert.deepEqual(address.stats(), {
    received: 4, delivered: 4, accepted: 1, rejected: 1, released: 1, modified: 1, presettled: 0, unsettled: 0, senders: 1, receivers: 1
  })
})

test('messages wait, in order, for a receiver\'s credit', () => {
  const address = new Address(250, OWN)
  const receiver = new FakeReceiver(1)
  const sender = attach(address, receiver)
  for (const text of ['a', 'b', 'c']) sender.send(address, text)
  assert.deepEqual(receiver.texts, ['a'])
  receiver.credit = 5
  address.pump()
  assert.deepEqual(receiver.texts, ['a', 'b', 'c'])
})

test('of receivers with credit the one with the fewest unsettled is chosen, equals in turn', () => {
  const address = new Address(250, OWN)
  const [slow, quick, poor] = [new FakeReceiver(100), new FakeReceiver(100), new FakeReceiver(1)]
  const sender = attach(address, slow, quick, poor)
  for (let i = 0; i < 3; i++) sender.send(address, `${i}`)
  assert.deepEqual([slow.texts, quick.texts, poor.texts], [['0'], ['1'], ['2']])
  address.settled(quick.got[0], ACCEPTED)
  sender.send(address, '3')
  assert.deepEqual(quick.texts, ['1', '3'], 'it has none unsettled')
  sender.send(address, '4')
  sender.send(address, '5')
  assert.deepEqual([slow.got.length, quick.got.length, poor.got.length], [2, 3, 1])
})

test('what a lost receiver held is modified for its sender, and can be sent to another', () => {
  const address = new Address(250, OWN)
  const [lost, other] = [new FakeReceiver(2), new FakeReceiver(0)]
  const sender = attach(address, lost, other)
  for (const text of ['a', 'b', 'c']) sender.send(address, text)
  address.removeReceiver(lost)
  assert.deepEqual(sender.outcomes, ['a modified', 'b modified'])
  other.credit = 5
  address.pump()
  assert.deepEqual(other.texts, ['c'])
  address.settled(lost.got[0], ACCEPTED)
  assert.deepEqual(sender.outcomes, ['a modified', 'b modified'], 'the dead say nothing')
})

test('when no receiver is left, what waits is released; what is sent then is released and drained', () => {
  const address = new Address(250, OWN)
  const receiver = new FakeReceiver(1)
  const sender = attach(address, receiver)
  for (const text of ['a', 'b']) sender.send(address, text)
  address.removeReceiver(receiver)
  assert.deepEqual(sender.outcomes, ['a modified', 'b released'])
  assert.equal(sender.drains, 0)
  sender.send(address, 'c')
  assert.deepEqual(sender.outcomes, ['a modified', 'b released', 'c released'])
  assert.equal(sender.drains, 1)
  const before = sender.credit
  address.addReceiver(new FakeReceiver(1))
  assert.equal(sender.credit, 250, `credit is made up from ${before} to what it was`)
})

test('what is taken back comes again in the order that is asked for, before all else, and is settled once', () => {
  const address = new Address(250, OWN)
  const lost = new FakeReceiver(3)
  const sender = attach(address, lost)
  for (const text of ['a', 'b', 'c', 'd']) sender.send(address, text)
  address.settled(lost.got[0], ACCEPTED)
  assert.equal(address.takeBack(held => [...held].reverse().flatMap(one => [one, one])), 4)
  address.removeReceiver(lost)
  assert.deepEqual(sender.outcomes, ['a accepted'], 'nothing goes back to the sender')
  const next = new FakeReceiver(3)
  address.addReceiver(next)
  assert.deepEqual(next.texts, ['c', 'c', 'b'])
  for (const delivery of next.got) address.settled(delivery, ACCEPTED)
  next.credit = 9
  address.pump()
  assert.deepEqual(next.texts, ['c', 'c', 'b', 'd'], 'what is settled does not come once more')
  assert.deepEqual(sender.outcomes, ['a accepted', 'c accepted', 'b accepted'])
  assert.equal(address.stats().unsettled, 1)
})

test('a lost sender\'s waiting messages are dropped; those with a receiver are settled there, and it is told nothing', () => {
  const address = new Address(250, OWN)
  const receiver = new FakeReceiver(1)
  const sender = attach(address, receiver)
  for (const text of ['a', 'b']) sender.send(address, text)
  address.removeSender(sender)
  assert.equal(address.stats().unsettled, 1)
  receiver.credit = 5
  address.pump()
  assert.deepEqual(receiver.texts, ['a'])
  const credit = sender.credit
  address.settled(receiver.got[0], ACCEPTED)
  assert.equal(sender.credit, credit)
  assert.equal(address.stats().unsettled, 0)
})

test('messages sent settled are passed on and have no outcome', () => {
  const address = new Address(10, OWN)
  const receiver = new FakeReceiver(1)
  const sender = attach(address, receiver)
  sender.send(address, 'a', true)
  sender.send(address, 'b', true)
  address.removeReceiver(receiver)
  assert.deepEqual(receiver.texts, ['a'])
  assert.deepEqual(sender.outcomes, [])
  assert.equal(address.stats().unsettled, 0)
  assert.equal(address.stats().presettled, 2)
})

/** Draws random steps and compares every history with a model. */
test('whatever comes and goes, nothing is settled twice or forgotten, and no credit is overdrawn', () => {
  const step = fc.record({
    kind: fc.constantFrom('send', 'accept', 'release', 'credit', 'add receiver', 'remove receiver', 'add sender', 'remove sender'),
    pick: fc.nat()
  })
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (steps, capacity) => {
    const address = new Address(capacity, OWN)
    const senders: FakeSender[] = []
    const receivers: FakeReceiver[] = []
    const sentBy = new Map<FakeSender, number>()
    let number = 0
    for (const { kind, pick } of steps) {
      const sender = senders[pick % Math.max(1, senders.length)]
      const receiver = receivers[pick % Math.max(1, receivers.length)]
      const held = receiver?.got[pick % Math.max(1, receiver.got.length)]
      if (kind === 'send' && sender !== undefined && sender.credit > 0) {
        sentBy.set(sender, (sentBy.get(sender) ?? 0) + 1)
        sender.send(address, `${number++}`)
      } else if (kind === 'accept' && held !== undefined) address.settled(held, ACCEPTED)
      else if (kind === 'release' && held !== undefined) address.settled(held, { name: 'released', state: 0 })
      else if (kind === 'credit' && receiver !== undefined) {
        receiver.credit += pick % 5
        address.pump()
      } else if (kind === 'add receiver') {
        receivers.push(new FakeReceiver(pick % 5))
        address.addReceiver(receivers.at(-1)!)
      } else if (kind === 'remove receiver' && receiver !== undefined) {
        receivers.splice(receivers.indexOf(receiver), 1)
        address.removeReceiver(receiver)
      } else if (kind === 'add sender') {
        senders.push(attach(address))
      } else if (kind === 'remove sender' && sender !== undefined) {
        senders.splice(senders.indexOf(sender), 1)
        address.removeSender(sender)
      }
      for (const each of senders) {
        const unsettled = (sentBy.get(each) ?? 0) - each.outcomes.length
        assert.ok(each.credit + unsettled <= capacity, 'no more than its capacity may be unsettled')
        assert.equal(new Set(each.outcomes.map(outcome => outcome.split(' ')[0])).size, each.outcomes.length, 'settled twice')
      }
    }
    // At the end a receiver takes everything, and nothing may be left.
    const last = new FakeReceiver(Infinity)
    address.addReceiver(last)
    for (const receiver of [...receivers, last]) for (const delivery of receiver.got) address.settled(delivery, ACCEPTED)
    assert.equal(address.stats().unsettled, 0)
    for (const each of senders) {
      assert.equal(each.outcomes.length, sentBy.get(each) ?? 0, 'forgotten')
      assert.ok(each.credit > capacity * 0.8 || each.credit === capacity, `credit comes back: ${each.credit} of ${capacity}`)
    }
  }))
})
