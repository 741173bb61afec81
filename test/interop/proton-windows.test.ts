import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { ProtonBroker } from './proton/broker.ts'
import { withProton } from './proton/peer.ts'
import { throughClosed, throughWindow } from './windows.ts'

const ADDRESS = 'rsyslog/logs'

async function bus (cleanup: Cleanup): Promise<{ broker: ProtonBroker, sending: Parameters<typeof throughClosed>[1] }> {
  const broker = await ProtonBroker.start(cleanup)
  const send = async (texts: string[]): Promise<void> => { for (const text of texts) broker.send([text]) }
  return { broker, sending: { port: Number(new URL(broker.url).port), address: ADDRESS, send } }
}

for (const frames of [1, 2, 3]) {
  test(`the C engine sends over a session whose window of ${frames} closes and opens again`, withProton(), async t => {
    const { broker, sending } = await bus(Cleanup.of(t))
    await throughWindow(t, frames, sending)
    assert.ok(broker.count('outcome', ({ outcome }) => outcome === 'accepted') > 0)
    assert.equal(broker.count('outcome', ({ outcome }) => outcome !== 'accepted'), 0)
  })
}

test('the C engine of Debian sends over a session that was begun closed, when a flow opens it', withProton(), async t => {
  const { sending } = await bus(Cleanup.of(t))
  await throughClosed(t, sending)
})
