import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../../src/sink/classify.ts'
import { countResent, doubt, doubtOf, needsLookUp } from '../../../src/sink/doubt.ts'
import type { Pending } from '../../../src/sink/shard-tools.ts'

const retry = (fields: Partial<Answer & { kind: 'retry' }>): Answer => ({ kind: 'retry', reason: 'connection', message: '', ...fields })
const rejected = (status: number): Answer => ({ kind: 'rejected', status, message: 'no', fault: 'entry' })

function pending (records: number): Pending {
  const place = { address: 'a', tenant: 't', shard: 0, solo: false, quarantine: false }
  return { part: { ...place, body: Buffer.alloc(0), rawBytes: 1, records }, ticket: { resolvePart () {}, split () {} } }
}

for (const [what, answer, expected] of [
  ['stored', { kind: 'stored', status: 204 }, undefined],
  ['the connection was lost in mid-push', retry({ unsent: false }), 'connection'],
  ['there was no connection', retry({ unsent: true }), undefined],
  ['no answer in time', retry({ reason: 'timeout' }), 'timeout'],
  ['no connection in time', retry({ reason: 'timeout', unsent: true }), undefined],
  ['500', retry({ reason: '5xx', status: 500 }), '5xx'],
  ['the rate of the tenant, which is checked first', retry({
    reason: '429', status: 429, message: '429 Ingestion rate limit exceeded for user a (limit: 1 bytes/sec)'
  }), undefined],
  ['a limit on streams, behind others of the push', retry({
    reason: '429', status: 429, message: '429 Maximum active stream limit exceeded'
  }), '429'],
  ['a 200, as of a proxy', retry({ reason: 'blocked', status: 200 }), 'blocked'],
  ['a policy of Loki', retry({ reason: 'blocked', status: 260 }), 'blocked'],
  ['a redirect', retry({ reason: 'blocked', status: 302 }), undefined],
  ['a bad login', retry({ reason: 'blocked', status: 401 }), undefined],
  ['an entry that is refused', rejected(400), 'rejected'],
  ['a push that is too large for a proxy', rejected(413), undefined],
  ['a firewall', rejected(403), undefined]
] as const) {
  test(`${what}: ${expected === undefined ? 'nothing of the push is stored' : 'nobody knows'}`, () => {
    assert.equal(doubtOf(answer as Answer), expected)
  })
}

test('a push with an unknown outcome counts once, when the next is made', () => {
  const counts: unknown[] = []
  const count = (sent: Pending[]): void => { countResent(sent, (reason, records) => counts.push([reason, records])) }
  const sent = [pending(3), pending(4)]
  count(sent)
  doubt(sent, retry({ unsent: true }), false, 1)
  count(sent)
  assert.deepEqual(counts, [])
  doubt(sent, retry({}), false, 2)
  count([sent[0]])
  assert.deepEqual(counts, [['connection', 3]])
  // The first is refused for a reason that leaves no doubt, and the other one was not pushed.
  doubt([sent[0]], retry({ reason: 'blocked', status: 401 }), false, 3)
  count(sent)
  assert.deepEqual(counts, [['connection', 3], ['connection', 4]])
})

test('a doubt outlives pushes that Loki did not get, and is looked up again before the next', () => {
  const one = pending(1)
  doubt([one], retry({}), false, 1)
  assert.ok(needsLookUp([one]))
  one.doubt = { reason: 'connection', at: 1, look: 'done' }
  countResent([one], () => {})
  doubt([one], retry({ unsent: true }), false, 2)
  assert.ok(needsLookUp([one]))
  countResent([one], () => { assert.fail('it was counted before') })
})

test('what Loki itself has answered is not looked up; what a gateway says is', () => {
  const looks = (answer: Answer): boolean => {
    const one = pending(2)
    doubt([one], answer, false, 1)
    return needsLookUp([one])
  }
  assert.deepEqual([
    looks(retry({ reason: '5xx', status: 500 })), looks(rejected(400)),
    looks(retry({ reason: '5xx', status: 504 })), looks(retry({ reason: 'timeout' }))
  ], [false, false, true, true])
})

test('an entry that was refused alone is not stored; one of several may be', () => {
  const alone = pending(1)
  doubt([alone], rejected(400), false, 1)
  assert.ok(!needsLookUp([alone]))
  const two = [pending(1), pending(1)]
  doubt(two, rejected(400), false, 1)
  assert.deepEqual(two.map(({ doubt }) => doubt?.reason), ['rejected', 'rejected'])
  doubt([alone], rejected(400), true, 1)
  assert.equal(alone.doubt?.reason, 'rejected', 'others shared its push')
})

test('what a look-up has left needs no other', () => {
  const one = pending(1)
  assert.ok(!needsLookUp([one]))
  one.doubt = { reason: undefined, at: 0, look: 'next' }
  assert.ok(needsLookUp([pending(1), one]))
  one.doubt = { reason: undefined, at: 0, look: 'done' }
  assert.ok(!needsLookUp([one]))
})
