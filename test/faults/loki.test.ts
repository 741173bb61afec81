import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { scenario } from './scenario.ts'
import { FEW_STREAMS, MARKER, type Site, type SiteOptions } from './site.ts'

scenario('Loki', 'down at the start', {}, async site => {
  site.lokiWire.down()
  site.start()
  site.send()
  await site.stuck()
  await site.lokiWire.up()
  await site.over()
})

scenario('Loki', 'down for 20 s under load', { rate: 15_000, records: 400_000 }, async site => {
  site.start()
  site.send()
  await site.settled(0.1)
  site.lokiWire.down()
  await pause(20_000)
  await site.lokiWire.up()
  await site.over()
})

scenario('Loki', 'restarts five times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.again(5, async () => {
    const before = site.lokiWire.connections
    site.lokiWire.down()
    await pause(site.below(500))
    await site.lokiWire.up()
    await site.over()
    assert.ok(site.lokiWire.connections > before, 'it was connected to again')
  })
})

scenario('Loki', 'one of two hosts down, then the other', { ...FEW_STREAMS, rate: 80_000, records: 400_000 }, async site => {
  const other = await site.wire(() => site.loki.port)
  site.start({ LOKEAN_LOKI_URL: `http://127.0.0.1:${site.lokiWire.port},http://127.0.0.1:${other.port}` })
  site.send()
  await site.settled(0.1)
  assert.ok(site.lokiWire.connections > 0 && other.connections > 0, 'both are used')
  site.lokiWire.down()
  await site.over()
  await site.settled(0.4)
  await site.lokiWire.up()
  other.down()
  await site.over()
  await site.settled(0.8)
  await other.up()
})

scenario('Loki', 'closes the connection in mid-request, twenty times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.again(20, async () => {
    await site.lokiWire.cutSent(site.below(300_000))
    await site.over()
  })
})

scenario('Loki', 'closes the connection in mid-response, to a third of the pushes', FEW_STREAMS, async site => {
  await site.meet(() => site.below(3) === 0 ? { kind: 'close', when: 'mid-response' } : undefined, 0.8, 100)
})

scenario('Loki', 'closes the connection after storing, before answering, to a third of the pushes', FEW_STREAMS, async site => {
  await site.meet(() => site.below(3) === 0 ? { kind: 'close', when: 'after-store' } : undefined, 0.8, 100)
  assert.ok(site.loki.stats().duplicates > 0, 'what was stored was pushed again')
})

/** Few streams, each with much: Loki cuts their head blocks all the time, so that it does not find every repeat. */
const FULL_STREAMS = { hosts: 3 } satisfies SiteOptions

/** Loses answers, and returns how many streams the store has as shards. */
async function loseAnswers (site: Site): Promise<number> {
  await site.meet(() => site.below(10) < 3 ? { kind: 'close', when: 'after-store' } : undefined, 0.9, 30)
  await site.settled(1)
  assert.ok(site.loki.store.countIds(MARKER).repeated > 0, 'some are stored twice')
  return site.loki.store.streams('fake').filter(({ text }) => text.includes('__stream_shard__=')).length
}

scenario('Loki', 'loses 30 % of its answers after storing', { ...FULL_STREAMS, limits: { shardRateBytes: Infinity } }, async site => {
  assert.equal(await loseAnswers(site), 0)
})

scenario('Loki', 'loses 30 % of its answers after storing, and divides the streams into shards', {
  ...FULL_STREAMS, limits: { shardRateBytes: 100_000 }
}, async site => {
  assert.ok(await loseAnswers(site) > 0)
})

scenario('Loki', 'answers later than the timeout for 5 s, and stores all the same', FEW_STREAMS, async site => {
  const program = site.start({ LOKEAN_PUSH_TIMEOUT: '500ms' })
  site.send()
  await site.settled(0.3)
  // The client's timer is up to a second late.
  site.fault = () => ({ kind: 'hang', release: pause(2_500, undefined, { ref: false }), stored: site.below(2) === 0 })
  await pause(5_000)
  site.fault = undefined
  await site.over()
  const timeouts = /^lokean_push_retries_total\{reason="timeout"\} (\d+)$/m.exec((await program.ask('/metrics')).body)?.[1]
  assert.ok(Number(timeouts) > 4, `${timeouts} timeouts are too few`)
  await site.settled(1)
  assert.ok(site.loki.stats().duplicates > 0, 'what came late was pushed again')
})
