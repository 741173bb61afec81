import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AmqpPeer } from '../helpers/amqp-peer.ts'
import { ATTACKS, hostileBus } from '../helpers/hostile-bus.ts'
import { message, record } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'
import { runningBus } from '../unit/source/amqp/running-bus.ts'

const LOST = /^(lost the bus; connecting again|no connection to the bus; trying again|the link is closed; attaching again)$/

/** The most that one attack may add to this process. Most attacks would take gigabytes if they could. */
const BOUND = 200 * 2 ** 20

for (const attack of ATTACKS) {
  test(`${attack.name}: the connection ends with a reason, and the next bus delivers`, async t => {
    const hostile = await hostileBus(t, [attack])
    const honest = await AmqpPeer.listen(t)
    const before = process.memoryUsage().rss
    const { lines, deliveries, budgets, done } = runningBus(t, {
      ports: [hostile.port, honest.port], addresses: ['logs'], limit: 4 * 2 ** 20
    })
    await until('the attack is over', () => lines.some(({ msg }) => LOST.test(msg)))
    const reasons = lines.filter(({ msg }) => LOST.test(msg)).map(({ reason }) => String(reason))
    assert.match(reasons[0], attack.reason)
    assert.ok(reasons.every(({ length }) => length < 10_000), 'what is logged is bounded')
    assert.ok(process.memoryUsage().rss - before < BOUND, 'memory is bounded')
    assert.ok(budgets[0].used <= budgets[0].limit)
    for (const delivery of deliveries) done(delivery)
    assert.equal(budgets[0].used, 0)
    const payload = message([record()])
    const sent = honest.send('logs', payload)
    await until('the honest bus has delivered', () => deliveries.some(({ content }) => content.equals(payload)))
    done(deliveries.at(-1)!)
    assert.equal(await sent, 'accepted')
    assert.equal(budgets[0].used, 0)
  })
}
