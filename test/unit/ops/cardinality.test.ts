import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CardinalityGuard } from '../../../src/ops/cardinality.ts'
import { ActiveStreams } from '../../../src/worker/streams/active-streams.ts'
import { collectedLog } from '../../helpers/collected-log.ts'

test('a minute is a minute: streams without a record for an hour are not counted any more', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const guard = new CardinalityGuard(1, collectedLog().log)
  const worker = new ActiveStreams(guard.memory)
  assert.deepEqual([worker.touch('', Buffer.from('{a="1"}')), worker.touch('', Buffer.from('{a="2"}'))], ['new', 'over_limit'])
  guard.start()
  t.mock.timers.tick(60 * 60_000)
  assert.equal(guard.count, 1)
  t.mock.timers.tick(60_000)
  assert.equal(guard.count, 0)
  worker.touch('', Buffer.from('{a="2"}'))
  guard.stop()
  t.mock.timers.tick(100 * 60_000)
  assert.equal(guard.count, 1)
})

test('an operator is told of the tenant, the number, the label that makes the streams and the settings that mend it', () => {
  const report = { tenant: 'a', streams: 5001, newest: 100, values: [['request', 100], ['host', 3]] as const }
  const { log, lines } = collectedLog()
  new CardinalityGuard(undefined, log).warn([{ ...report, values: [...report.values] }])
  new CardinalityGuard(5000, log).warn([{ ...report, tenant: '', values: [...report.values] }])
  const [without, limited, ...more] = lines
  assert.deepEqual(more, [])
  assert.deepEqual([
    without.level, without.tenant, without.streams, without.limit, without.newest, without.values
  ], ['warn', 'a', 5001, undefined, 100, { request: 100, host: 3 }])
  assert.match(String(without.mend), /take the label request out of LOKEAN_LABELS.*LOKEAN_MAX_STREAMS/)
  assert.deepEqual([limited.level, limited.tenant, limited.limit], ['warn', undefined, 5000])
  assert.match(String(limited.mend), /take the label request out of LOKEAN_LABELS, or raise LOKEAN_MAX_STREAMS/)
})

test('labels that make as many streams are all named: taking one out would change nothing', () => {
  const { log, lines } = collectedLog()
  const values: Array<[string, number]> = [['service_name', 90], ['source', 90], ['host', 3]]
  new CardinalityGuard(5000, log).warn([{ tenant: '', streams: 5000, newest: 100, values }])
  assert.match(String(lines[0].mend), /^take the labels service_name and source out of LOKEAN_LABELS, or raise LOKEAN_MAX_STREAMS$/)
})

test('names that are no host and no source are told once, with a sample', () => {
  const { log, lines } = collectedLog()
  const guard = new CardinalityGuard(undefined, log)
  guard.tellOdd(undefined)
  guard.tellOdd({ host: '[instance:', source: 'user' })
  guard.tellOdd({ host: 'x]', source: 'user' })
  assert.deepEqual(lines.map(({ level, host, source }) => [level, host, source]), [['warn', '[instance:', 'user']])
})
