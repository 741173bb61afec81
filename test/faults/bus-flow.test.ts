import assert from 'node:assert/strict'
import type { Reorder } from '../../src/embedded/bus/ports.ts'
import type { Program } from '../helpers/program.ts'
import { creditFor, leastGrant } from '../../src/source/amqp/credit.ts'
import { scenario } from './scenario.ts'
import { ADDRESS } from './site-load.ts'
import { until } from '../helpers/until.ts'
import { FEW_STREAMS, type Site, type SiteOptions } from './site.ts'

/** The smallest budget that the settings allow. */
const LEAST_BUDGET = { LOKEAN_INFLIGHT_BYTES: '1MiB', LOKEAN_PUSH_BYTES: '64KiB' }

/** Keeps Loki silent until the returned function is called. Half of the pushes meanwhile are stored at once. */
function silence (site: Site): () => void {
  let end = (): void => {}
  const release = new Promise<void>(resolve => { end = resolve })
  site.fault = () => ({ kind: 'hang', release, stored: site.below(2) === 0 })
  return () => {
    site.fault = undefined
    end()
  }
}

/** Resolves when the program's budget is used up, so that it gives the bus no more credit. */
async function budgetUsedUp (program: Program): Promise<void> {
  for (let used = false; !used;) {
    const { body } = await program.ask('/metrics')
    const gauge = (name: string): number => Number(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'm').exec(body)?.[1])
    const limit = gauge('lokean_inflight_bytes_limit')
    used = creditFor(limit - gauge('lokean_inflight_bytes')) < leastGrant(limit, false)
  }
}

for (const [fault, strike] of [
  ['cut with everything unsettled', site => { site.busWire.drop() }],
  ['restarts with everything unsettled', async site => { await site.bus.stop(); await site.bus.start() }]
] as Array<[string, (site: Site) => void | Promise<void>]>) {
  scenario('Bus', fault, FEW_STREAMS, async site => {
    const speak = silence(site)
    const program = site.start({ LOKEAN_INFLIGHT_BYTES: '4MiB' })
    site.send()
    await site.stuck()
    await budgetUsedUp(program)
    await until('a push meets the fault', () => site.struck > 0)
    const lost = site.bus.until(stats => stats[ADDRESS].receivers === 0)
    await strike(site)
    await lost
    await site.bus.until(stats => stats[ADDRESS].receivers === 1)
    assert.equal(site.bus.stats()[ADDRESS].accepted, 0, 'nothing is settled')
    assert.ok(site.bus.stats()[ADDRESS].modified > 10, 'the bus has taken back what was there')
    speak()
    await site.over()
  })
}

for (const [name, options, share] of [
  ['messages nearly as large as the budget', { recordsPerMessage: 1_750 }, 0.3],
  ['frames of 512 bytes, a budget of 1 MiB and 4 credits for each sender', { bus: { maxFrameSize: 512, sendFrameSize: 512, senderCredit: 4 } }, 0.1]
] as Array<[string, SiteOptions, number]>) {
  scenario('Bus', name, { ...FEW_STREAMS, ...options }, async site => {
    const program = site.start(LEAST_BUDGET)
    site.send()
    await site.settled(share)
    const speak = silence(site)
    await budgetUsedUp(program)
    speak()
    await site.over()
  })
}

scenario('Bus', 'messages larger than the budget, until it is raised', { ...FEW_STREAMS, recordsPerMessage: 2_200 }, async site => {
  const small = site.start(LEAST_BUDGET)
  site.send()
  const { reason } = await small.logged('the link is closed; attaching again')
  assert.match(String(reason), /raise LOKEAN_INFLIGHT_BYTES/)
  await site.stop(small)
  assert.equal(site.bus.stats()[ADDRESS].accepted, 0)
  site.start()
  await site.over()
})

scenario('Bus', 'unsettled messages come again in another order, half of them twice', FEW_STREAMS, async site => {
  const shuffled: Reorder = messages => {
    const again = messages.flatMap(message => site.below(2) === 0 ? [message, message] : [message])
    for (let i = again.length - 1; i > 0; i--) {
      const j = site.below(i + 1)
      ;[again[i], again[j]] = [again[j], again[i]]
    }
    return again
  }
  site.start()
  site.send()
  await site.again(5, async () => {
    site.redelivered += site.bus.redeliver(shuffled)
    await site.over()
  })
  assert.ok(site.redelivered > 100, `${site.redelivered} messages are too few`)
  assert.equal(site.bus.stats()[ADDRESS].modified, 0)
})

// skupper-router's way with a receiver whose session begins with a window of 0. It takes that for the session's capacity.
scenario('Bus', 'sends nothing to a session that began without a window', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.settled(1)
})
