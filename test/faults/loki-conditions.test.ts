import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../src/embedded/loki/push/fault.ts'
import { scenario } from './scenario.ts'
import { FEW_STREAMS, MARKER, type Site } from './site.ts'

const LOGIN_PAGE: Fault = { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, text: '<html>Please sign in</html>' }
const PLAIN_PORT: Fault = { kind: 'answer', status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n' }

/** Lets some records through, then changes things for 5 s, and changes them back. */
async function forAWhile (site: Site, change: () => void, changeBack: () => void, env: Record<string, string> = {}): Promise<void> {
  site.start(env)
  site.send()
  await site.settled(0.2)
  change()
  await pause(5_000)
  changeBack()
  await site.over()
  await site.settled(1)
}

function quarantined (site: Site): number {
  return site.loki.store.countIds(MARKER).quarantinedIds
}

scenario('Loki', 'is replaced by a login page that answers 200 for 5 s', { ...FEW_STREAMS, rate: 40_000 }, async site => {
  await forAWhile(site, () => { site.fault = () => LOGIN_PAGE }, () => { site.fault = undefined })
  assert.ok(site.struck > 5, `${site.struck} pushes are too few`)
})

scenario('Loki', 'wants TLS for 5 s and says so with 400, with dead letters', { ...FEW_STREAMS, rate: 40_000 }, async site => {
  const dir = await mkdtemp(join(tmpdir(), 'lokean-faults-'))
  site.cleanup.add(async () => { await rm(dir, { recursive: true }) })
  await forAWhile(site, () => { site.fault = () => PLAIN_PORT }, () => { site.fault = undefined }, { LOKEAN_DEAD_LETTER_DIR: dir })
  assert.deepEqual(await readdir(dir), [], 'no record was at fault')
  assert.equal(quarantined(site), 0)
})

scenario('Loki', 'takes no structured metadata for 5 s', { ...FEW_STREAMS, rate: 40_000 }, async site => {
  await forAWhile(site, () => { site.loki.setLimits({ metadata: false }) }, () => { site.loki.setLimits({ metadata: true }) })
  assert.equal(quarantined(site), 0, 'no record was at fault')
})

scenario('Loki', 'enforces a label that no record has for 5 s', { ...FEW_STREAMS, rate: 40_000 }, async site => {
  await forAWhile(site, () => { site.loki.setLimits({ enforcedLabels: ['env'] }) }, () => { site.loki.setLimits({ enforcedLabels: [] }) })
  assert.equal(quarantined(site), 0, 'no record was at fault')
})

const LABELLED = { ...FEW_STREAMS, limits: { enforcedLabels: ['env'], lineBytes: 1000 } }

scenario('Loki', 'enforces a label that the address gives, and refuses some records and their quarantine', LABELLED, async site => {
  site.start({ LOKEAN_AMQP_ADDRESSES: 'rsyslog/logs;env=prod' })
  site.send()
  await site.settled(1)
  assert.ok(quarantined(site) > 100, 'long lines are put aside')
})

scenario('Loki', 'has a burst smaller than the pushes', { ...FEW_STREAMS, limits: { rateBytes: 40e6, burstBytes: 200_000 } },
  async site => {
    site.start()
    site.send()
    await site.settled(1)
    assert.ok(site.loki.stats().rejected.rate_limited > 0, 'some push was too large')
    assert.equal(quarantined(site), 0)
  })

scenario('Loki', 'takes only small messages between its parts, and answers 500 to larger pushes',
  { ...FEW_STREAMS, limits: { messageBytes: 100_000 } }, async site => {
    site.start()
    site.send()
    await site.settled(1)
    assert.ok(site.loki.stats().rejected.message_too_large > 0, 'some push was too large')
    assert.equal(quarantined(site), 0)
  })

scenario('Loki', 'has an endpoint of two that answers 503 with Retry-After: 6', FEW_STREAMS, async site => {
  const other = createServer((_request, response) => { response.writeHead(503, { 'retry-after': '6' }).end('not now') })
  await new Promise<void>(resolve => { other.listen(0, '127.0.0.1', resolve) })
  site.cleanup.add(async () => {
    other.closeAllConnections()
    await new Promise(resolve => { other.close(resolve) })
  })
  const { port } = other.address() as AddressInfo
  site.start({ LOKEAN_LOKI_URL: `http://127.0.0.1:${port},http://127.0.0.1:${site.lokiWire.port}` })
  site.send()
  await site.settled(1)
})

const ADDRESSES = ['rsyslog/a', 'rsyslog/b']

scenario('Loki', 'blocks one tenant of two with 401', { ...FEW_STREAMS, addresses: ADDRESSES, tenants: ['a', 'b'] }, async site => {
  site.fault = ({ tenant }) => tenant === 'a' ? { kind: 'answer', status: 401, text: 'no\n' } : undefined
  const program = site.start({ LOKEAN_AMQP_ADDRESSES: 'rsyslog/a;tenant=a,rsyslog/b;tenant=b' })
  site.send()
  await site.bus.until(({ [ADDRESSES[0]]: blocked, [ADDRESSES[1]]: other }) => blocked?.received + other?.received >= 2_000 &&
    other.unsettled === 0)
  assert.equal(site.bus.stats()[ADDRESSES[0]].accepted, 0, 'the blocked tenant is still blocked')
  const told = program.stdout.split('\n').filter(line => line.includes('tried again') || line.includes('takes pushes again'))
  assert.equal(told.length, 1, 'it is told once')
  site.fault = undefined
  await site.over()
})

// With one shard there is one push at a time, as in a quiet process: one connection could carry them all.
scenario('Loki', 'has two backends behind one address', { ...FEW_STREAMS, rate: 8_000 }, async site => {
  const backends = [await site.wire(() => site.loki.port), await site.wire(() => site.loki.port)]
  // As a Kubernetes Service does it: each connection goes to a backend, and stays there.
  const service = await site.wire(() => backends[service.connections % 2].port)
  site.start({ LOKEAN_LOKI_URL: `http://127.0.0.1:${service.port}`, LOKEAN_SHARDS: '1' })
  site.send()
  await site.settled(1)
  const [one, other] = backends.map(({ sentBytes }) => sentBytes)
  assert.ok(Math.min(one, other) > (one + other) / 3, `bytes to the backends: ${one}, ${other}`)
})
