import assert from 'node:assert/strict'
import { scenario } from './scenario.ts'
import { FEW_STREAMS, MARKER } from './site.ts'

const ADDRESSES = ['rsyslog/a', 'rsyslog/b']
const TENANTS = ['a', 'b']

// The records of both addresses name the same cloud; only the address differs.
scenario('Loki', 'limits the tenant of one address while the other address flows', { ...FEW_STREAMS, addresses: ADDRESSES, tenants: TENANTS }, async site => {
  site.fault = ({ tenant }) => tenant === 'a' ? { kind: 'answer', status: 429, text: 'too much\n' } : undefined
  site.start({ LOKEAN_AMQP_ADDRESSES: 'rsyslog/a;cloud=cloudA;tenant=a,rsyslog/b;cloud=cloudB;tenant=b' })
  site.send()
  await site.bus.until(({ [ADDRESSES[0]]: limited, [ADDRESSES[1]]: other }) => limited?.received + other?.received >= 2_000 &&
    other.unsettled === 0)
  const { accepted, unsettled } = site.bus.stats()[ADDRESSES[0]]
  assert.equal(accepted, 0, 'the limited tenant is still limited')
  assert.ok(unsettled > 0, 'the limited tenant waits')
  assert.ok(site.loki.store.countIds(MARKER, { tenant: 'b' }).distinct > 0, 'the other is stored')
  assert.equal(site.loki.store.countIds(MARKER, { tenant: 'a' }).distinct, 0)
  site.fault = undefined
  await site.over()
  await site.settled(1)
  const clouds = new Set<string>()
  site.loki.store.forEach(({ labels }) => clouds.add(`${labels.tenant} ${/cloud="([^"]*)"/.exec(labels.text)?.[1]}`))
  assert.deepEqual([...clouds].sort(), ['a cloudA', 'b cloudB'])
})
