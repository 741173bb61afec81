import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchFiles } from '../../../src/commands/watch-files.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { Authority } from '../../helpers/authority.ts'
import { collectedLog } from '../../helpers/collected-log.ts'

const DAY_MS = 86_400_000

test('looks at the files within 30 s, and warns of certificates that end soon: at the start, and each day', () => {
  const { cert } = new Authority().issue('loki', { days: 31 })
  const { config, credentials } = loadConfig({ LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_CA: cert })
  const { log, lines } = collectedLog()
  const running = new Map<number, () => void>()
  const every = (ms: number, run: () => void): () => void => {
    running.set(ms, run)
    return () => running.delete(ms)
  }
  let [looks, now] = [0, Date.now()]
  const counted = { get log () { return credentials.log }, set log (log) { credentials.log = log }, refresh: () => { looks++ } }
  const end = watchFiles({ config, credentials: counted, log, every, now: () => now })
  assert.equal(lines.length, 0)
  assert.equal(credentials.log, log)

  const period = Math.min(...running.keys())
  assert.ok(period <= 30_000)
  running.get(period)?.()
  assert.equal(looks, 1)

  for (const days of [2, 1, 40]) {
    now += days * DAY_MS
    running.get(DAY_MS)?.()
  }
  assert.deepEqual(lines.map(({ level, msg }) => `${level} ${msg.replace(/\d{4}-\d\d-\d\d/, 'DAY')}`), [
    'warn LOKEAN_LOKI_CA has a certificate that ends on DAY, in 28 days: renew it',
    'warn LOKEAN_LOKI_CA has a certificate that ends on DAY, in 27 days: renew it',
    'warn LOKEAN_LOKI_CA has a certificate that ended on DAY, 12 days ago: renew it'
  ])
  end()
  assert.equal(running.size, 0)
})
