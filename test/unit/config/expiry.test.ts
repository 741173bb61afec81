import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeEnd, endingSoon, firstEnd } from '../../../src/config/expiry.ts'
import { Authority } from '../../helpers/authority.ts'
import { load } from './loading.ts'

const DAY = 86_400
const NOW_MS = Date.parse('2026-11-28T12:00:00Z')
const inDays = (days: number): number => NOW_MS / 1000 + days * DAY
const authority = new Authority()

test('of a bundle the first end counts', () => {
  const now = Date.now() / 1000
  const [long, short] = [400, 12].map(days => authority.issue('one', { days }).cert)
  for (const bundle of [`${long}${short}`, `${short}\n# a comment\n${long}`]) {
    assert.ok(Math.abs(firstEnd(bundle) - (now + 12 * DAY)) < 60)
  }
})

test('a certificate is warned of from 30 days before its end on, and when it has ended', () => {
  assert.deepEqual(describeEnd(inDays(31), NOW_MS), { words: 'ends on 2026-12-29, in 31 days', soon: false })
  assert.deepEqual(describeEnd(inDays(29.5), NOW_MS), { words: 'ends on 2026-12-28, in 29 days', soon: true })
  assert.deepEqual(describeEnd(inDays(-2), NOW_MS), { words: 'ended on 2026-11-26, 2 days ago', soon: true })
  assert.deepEqual(endingSoon({ LOKEAN_LOKI_CA: inDays(1), LOKEAN_AMQP_CA: inDays(99) }, NOW_MS), [
    'LOKEAN_LOKI_CA has a certificate that ends on 2026-11-29, in 1 day: renew it'
  ])
})

test('each setting with a certificate has an end, whether it names a file or holds the text', () => {
  const inline = authority.issue('bus', { days: 12 }).cert
  const { config } = load({ LOKEAN_AMQP_URL: 'amqps://bus', LOKEAN_AMQP_CA: inline, LOKEAN_LOKI_URL: 'https://loki', LOKEAN_LOKI_CA: '/pem/cert' })
  const { current } = config.certificateEnds
  assert.deepEqual(Object.keys(current), ['LOKEAN_AMQP_CA', 'LOKEAN_LOKI_CA'])
  assert.equal(current.LOKEAN_AMQP_CA, firstEnd(inline))
})
