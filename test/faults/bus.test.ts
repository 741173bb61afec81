import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { scenario } from './scenario.ts'
import { ADDRESS } from './site-load.ts'
import { FEW_STREAMS, type Site } from './site.ts'

/** Resolves when the fault has cut the program from the bus and the next message is settled. */
async function lostAndBack (site: Site, fault: () => unknown): Promise<void> {
  const lost = site.bus.until(stats => stats[ADDRESS]?.receivers === 0)
  await fault()
  await lost
  await site.over()
}

scenario('Bus', 'connection cut between frames, ten times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.again(10, async () => {
    await lostAndBack(site, async () => { assert.equal((await site.busWire.cut({ intoFrame: 0 })).into, 0) })
  })
})

scenario('Bus', 'connection cut inside a frame, twenty times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  let inside = 0
  await site.again(20, async () => {
    await lostAndBack(site, async () => {
      const { into, of } = await site.busWire.cut({ intoFrame: 1 + site.below(60_000) })
      if (into < of) inside++
    })
  })
  assert.ok(inside >= 10, `${inside} of the cuts are too few`)
})

scenario('Bus', 'restarts under load, three times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.again(3, async () => {
    await site.bus.stop()
    await pause(1_000)
    await site.bus.start()
    await site.over()
  })
})

scenario('Bus', 'first host lost, then the second, then back', FEW_STREAMS, async site => {
  const second = await site.wire(() => site.bus.port)
  site.start({ LOKEAN_AMQP_URL: `amqp://127.0.0.1:${site.busWire.port},amqp://127.0.0.1:${second.port}` })
  site.send()
  await site.settled(0.1)
  assert.equal(second.connections, 0)
  await lostAndBack(site, () => site.busWire.down())
  assert.equal(second.connections, 1)
  await site.settled(0.4)
  await site.busWire.up()
  await lostAndBack(site, () => second.down())
  assert.equal(site.busWire.connections, 2)
  await site.settled(0.7)
  await second.up()
  await lostAndBack(site, () => site.busWire.down())
  assert.equal(second.connections, 2)
})

scenario('Bus', 'hangs until the idle time-out', FEW_STREAMS, async site => {
  site.start()
  site.send()
  await site.settled(0.3)
  const hung = site.bus.until(stats => stats[ADDRESS].receivers === 0)
  site.bus.stall()
  await hung
  site.bus.resume()
  await site.over()
  assert.ok(site.busWire.connections >= 2)
})

scenario('Bus', 'ends the link, the session or the connection with an error, twelve times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  let times = 0
  await site.again(12, async () => {
    const over = (['link', 'session', 'connection'] as const)[times++ % 3]
    await lostAndBack(site, () => {
      assert.equal(site.bus.endReceiving(over, { condition: 'amqp:internal-error', description: `the ${over} is ended` }), 1)
    })
  })
})

scenario('Bus', 'connections of the senders cut, ten times', FEW_STREAMS, async site => {
  site.start()
  site.send()
  let cut = 0
  await site.again(10, async () => {
    cut += site.bus.dropConnections(({ senders }) => senders.length > 0 && site.below(2) === 0)
    await site.over()
  })
  assert.ok(cut >= 10, `${cut} cuts are too few`)
})
