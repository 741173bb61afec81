import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../src/embedded/loki/push/fault.ts'
import { scenario } from './scenario.ts'
import { FEW_STREAMS, MARKER, type Site } from './site.ts'

/** Answers one of these statuses, at times for a push that is stored. Every third answer has Retry-After. */
function turnAway (site: Site, statuses: readonly number[]): Fault {
  const again = ['0', '1', new Date(Date.now() + 1000).toUTCString()][site.below(9)]
  const status = statuses[site.below(statuses.length)]
  return {
    kind: 'answer', status, text: 'not now\n', headers: again === undefined ? {} : { 'retry-after': again }, stored: site.below(4) === 0
  }
}

scenario('Loki', 'answers 500, 502, 503 or 429 to a third of the pushes', FEW_STREAMS, async site => {
  await site.meet(() => site.below(3) === 0 ? turnAway(site, [500, 502, 503, 429]) : undefined, 0.5, 100)
})

scenario('Loki', 'refuses long lines that Lokean takes it to accept', { ...FEW_STREAMS, limits: { lineBytes: 1000 } }, async site => {
  site.start()
  site.send()
  await site.settled(1)
  const refused = site.loki.stats().rejected.line_too_long
  assert.ok(refused > 100, `${refused} lines are too few`)
  const { quarantinedIds } = site.loki.store.countIds(MARKER)
  assert.ok(quarantinedIds > 100, `${quarantinedIds} records in quarantine are too few`)
})

// There are many streams. New streams go in pushes of their own. Some of these hold one record only, which cannot be
// bisected.
scenario('Loki', 'answers 400 to one in ten pushes, although nothing is wrong with them', {}, async site => {
  await site.meet(() => site.below(10) === 0 ? { kind: 'answer', status: 400, text: 'a bad day\n' } : undefined, 0.8, 50)
  const { quarantinedIds } = site.loki.store.countIds(MARKER)
  assert.ok(quarantinedIds < site.struck / 2, `${quarantinedIds} records in quarantine are too many: a second push would have been stored`)
})

scenario('Loki', 'answers 400 to everything for 5 s', { ...FEW_STREAMS, rate: 40_000 }, async site => {
  site.start()
  site.send()
  await site.settled(0.2)
  site.fault = () => ({ kind: 'answer', status: 400, text: 'no\n' })
  await pause(5_000)
  site.fault = undefined
  await site.over()
  assert.ok(site.struck > 20, `${site.struck} pushes are too few`)
})

const ADDRESSES = ['cloud1/logs', 'cloud2/logs']

scenario('Loki', 'limits one tenant while another flows',
  { ...FEW_STREAMS, addresses: ADDRESSES, clouds: 2, tenants: ['cloud1', 'cloud2'] }, async site => {
    site.fault = ({ tenant }) => tenant === 'cloud1' ? { kind: 'answer', status: 429, text: 'too much\n' } : undefined
    site.start({ LOKEAN_LOKI_TENANT: '{cloud}' })
    site.send()
    await site.bus.until(({ [ADDRESSES[0]]: limited, [ADDRESSES[1]]: other }) => limited?.received + other?.received >= 2_000 &&
    other.unsettled === 0)
    const { accepted, unsettled } = site.bus.stats()[ADDRESSES[0]]
    assert.equal(accepted, 0, 'the limited tenant is still limited')
    assert.ok(unsettled > 0, 'the limited tenant waits')
    site.fault = undefined
    await site.over()
  })
