import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { findBottleneck, type Signals, type Verdict } from '../../../../src/ops/page/bottleneck.ts'

const ok = { ok: true, detail: '' }
const flowing: Signals = {
  bus: ok, loki: ok, arriving: 100, inflight: 5e6, fill: 0.1, mainThreadBusy: 0.3, workersBusy: 0.5, pushing: 1e5, blocked: 0, limited: 0
}
const full: Partial<Signals> = { fill: 0.95 }

function verdict (signals: Partial<Signals> = {}): Verdict {
  return findBottleneck({ ...flowing, ...signals })
}

function brief (signals: Partial<Signals>): [string, string | undefined, string] {
  const { kind, stage, level } = verdict(signals)
  return [kind, stage, level]
}

suite('each state by its signs', () => {
  const cases: Array<[what: string, signals: Partial<Signals>, expected: ReturnType<typeof brief>]> = [
    ['records flow and there is room', {}, ['keeping_up', undefined, 'good']],
    ['nothing comes and nothing is here', { arriving: 0, inflight: 0 }, ['quiet', undefined, 'good']],
    ['nothing comes, and something is still here', { arriving: 0 }, ['keeping_up', undefined, 'good']],
    ['all settled between two samples', { inflight: 0 }, ['keeping_up', undefined, 'good']],
    ['no bus', { bus: { ok: false, detail: 'refused' } }, ['bus_down', 'bus', 'bad']],
    ['a shard is blocked', { blocked: 1 }, ['blocked', 'loki', 'bad']],
    ['no Loki', { loki: { ok: false, detail: '5xx' } }, ['loki_down', 'loki', 'bad']],
    ['429', { limited: 0.2 }, ['loki_limits', 'loki', 'busy']],
    ['the main thread has no time', { mainThreadBusy: 0.95 }, ['main_thread', 'batch', 'busy']],
    ['the workers have no time', { workersBusy: 0.95 }, ['workers', 'workers', 'busy']],
    ['full, and it waits for pushes', full, ['loki_slow', 'loki', 'busy']],
    ['full, and nothing waits for a push', { ...full, pushing: 0 }, ['budget', 'credit', 'busy']]
  ]
  for (const [what, signals, expected] of cases) test(what, () => assert.deepEqual(brief(signals), expected))
})

suite('where several hold, the one that makes the others pointless', () => {
  const cases: Array<[what: string, signals: Partial<Signals>, kind: Verdict['kind']]> = [
    ['a bus that is gone before a Loki that is', { bus: { ok: false, detail: '' }, loki: { ok: false, detail: '' } }, 'bus_down'],
    ['a bus that is gone before what a condition holds', { bus: { ok: false, detail: '' }, blocked: 1 }, 'bus_down'],
    ['what a condition holds before a Loki that is gone: to wait is of no use', { loki: { ok: false, detail: '' }, blocked: 1 }, 'blocked'],
    ['what a condition holds before a limit', { blocked: 1, limited: 1 }, 'blocked'],
    ['a Loki that is gone before silence', { loki: { ok: false, detail: '' }, arriving: 0, inflight: 0 }, 'loki_down'],
    ['a limit before busy threads', { limited: 1, workersBusy: 1, mainThreadBusy: 1 }, 'loki_limits'],
    ['the main thread before the workers', { workersBusy: 1, mainThreadBusy: 1 }, 'main_thread'],
    ['busy workers before a full budget: a slow Loki would starve them', { ...full, workersBusy: 0.97 }, 'workers']
  ]
  for (const [what, signals, kind] of cases) test(what, () => assert.equal(verdict(signals).kind, kind))
})

test('what the neighbour said is passed on', () => {
  assert.equal(verdict({ bus: { ok: false, detail: 'connection refused' } }).advice, 'connection refused')
  assert.match(verdict({ loki: { ok: false, detail: '5xx: no' } }).advice, /^5xx: no\. /)
  const loki = { ok: true, detail: 'some records are held (blocked: 400)', mend: 'give them a label' }
  assert.equal(
    verdict({ loki, blocked: 1 }).advice,
    'some records are held (blocked: 400). To mend: give them a label. Nothing that is held is lost.'
  )
  const { advice } = verdict({ loki: { ...ok, detail: 'pushes are stored' }, blocked: 1 })
  assert.equal(advice, 'pushes are stored. Nothing that is held is lost.')
})

test('just below each threshold all is well', () => {
  assert.equal(verdict({ fill: 0.74, mainThreadBusy: 0.89, workersBusy: 0.74 }).kind, 'keeping_up')
})
