import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Intercept } from '../../src/demo/loki/fault.ts'
import { scenario } from './scenario.ts'
import { type Seen, watched } from './watch.ts'

/** The default of LOKEAN_INFLIGHT_BYTES. */
const INFLIGHT = 64 * 2 ** 20
/** What the peak may be with it, the program's own size included. */
const MOST_MB = 350

function bounded ({ peakMb, inflightBytes, inflightLimit }: Seen): void {
  assert.equal(inflightLimit, INFLIGHT)
  assert.ok(inflightBytes <= INFLIGHT, `${inflightBytes} bytes were in flight`)
  assert.ok(peakMb <= MOST_MB, `${peakMb} MB were in RAM`)
}

/** A Loki that reads so many bytes a second, compressed as they come, one push after the other. */
function slowLoki (bytesPerSecond: number): Intercept {
  let free = 0
  return ({ body }) => {
    const now = performance.now()
    free = Math.max(free, now) + body.length / bytesPerSecond * 1000
    return { kind: 'hang', release: pause(free - now) }
  }
}

// Some 4,000 records a second, of a bus that has more under way than the program may take.
scenario('Pressure', 'producers faster than Loki for 60 s', { records: 600_000, window: 250 }, async site => {
  site.fault = slowLoki(400_000)
  const program = site.start()
  site.send()
  const seen = await watched(program, pause(60_000))
  bounded(seen)
  assert.ok(seen.inflightBytes > INFLIGHT * 0.9, `only ${seen.inflightBytes} bytes were ever in flight: it was under no pressure`)
  site.fault = undefined
  await site.over()
  bounded(await watched(program, site.settled(1)))
})

// As many as their machines times the programs on each. Loki takes 5,000 of a tenant unless told otherwise.
scenario('Pressure', '50,000 streams', { records: 600_000, hosts: 3_000 }, async site => {
  const program = site.start()
  site.send()
  bounded(await watched(program, site.settled(1)))
  const { streams } = site.loki.stats()
  assert.ok(streams >= 50_000, `only ${streams} streams`)
})
