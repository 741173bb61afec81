import assert from 'node:assert/strict'
import { lokean } from '../helpers/program.ts'
import { scenario } from './scenario.ts'
import { FEW_STREAMS, MARKER, type Site } from './site.ts'

/** Where each record belongs that lies in quarantine as it came. The key is its number. */
function belonging (site: Site): Map<string, { host: string, nanos: bigint }> {
  const places = new Map<string, { host: string, nanos: bigint }>()
  site.loki.store.forEach(({ labels, buf, lineStart, lineEnd }) => {
    if (!labels.text.includes('quarantine="no_labels"')) return
    const { host, message, '@timestamp': time } = JSON.parse(buf.toString('utf8', lineStart, lineEnd)) as Record<string, string>
    const fraction = /\.(\d+)/.exec(time)?.[1] ?? ''
    const nanos = BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
    places.set(numberIn(message) ?? assert.fail(message), { host, nanos })
  })
  return places
}

function numberIn (line: string): string | undefined {
  return new RegExp(`${MARKER}(\\d+)`).exec(line)?.[1]
}

/** Of these records, how many lie under another host, or further from their time than entries are set apart. */
function misplaced (site: Site, places: ReturnType<typeof belonging>): number {
  let wrong = 0
  site.loki.store.forEach(({ labels, seconds, nanos, buf, lineStart, lineEnd }) => {
    if (labels.quarantine) return
    const place = places.get(numberIn(buf.toString('utf8', lineStart, lineEnd)) ?? '')
    if (place === undefined) return
    const later = BigInt(seconds) * 1_000_000_000n + BigInt(nanos) - place.nanos
    if (!labels.text.includes(`host="${place.host}"`) || later < 0n || later > 1_000_000n) wrong++
  })
  return wrong
}

scenario('Lokean', 'a wrong mapping, then a wrong limit, put records aside; both are mended, and they are replayed', FEW_STREAMS, async site => {
  const wrong = site.start({ LOKEAN_LABELS: 'nosuch' })
  site.send()
  await site.settled(0.2)
  assert.equal((await wrong.stop()).code, 0)
  site.start()
  site.loki.setLimits({ lineBytes: 1000 })
  await site.settled(0.6)
  site.loki.setLimits({ lineBytes: 262_144 })
  await site.settled(1)
  const before = site.loki.store.countIds(MARKER)
  assert.ok(before.quarantinedIds > 30_000, `${before.quarantinedIds} records are too few`)
  const places = belonging(site)

  const env = { LOKEAN_LOKI_URL: `http://127.0.0.1:${site.lokiWire.port}`, LOKEAN_WORKERS: '1' }
  const { code, stdout, stderr } = await lokean(site.cleanup, ['replay', '--yes', '--json'], env)
  assert.equal(code, 0, stdout + stderr)
  assert.equal(site.loki.store.countIds(MARKER).quarantinedIds, 0, 'all are in their place')
  assert.equal(misplaced(site, places), 0)
  const again = await lokean(site.cleanup, ['replay', '--yes', '--json'], env)
  assert.deepEqual([again.code, (JSON.parse(again.stdout) as { replayed: number }).replayed], [0, 0])
})
