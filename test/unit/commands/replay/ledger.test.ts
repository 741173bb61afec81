import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Item, Ledger } from '../../../../src/commands/replay/ledger.ts'
import type { Outcome } from '../../../../src/commands/replay/outcomes.ts'
import { Tally } from '../../../../src/commands/replay/tally.ts'
import { Deferred } from '../../../helpers/deferred.ts'

const NONE: Outcome = { kind: 'stored', again: new Map() }

const item = (id: string, bytes = 10): Item => ({
  id, address: 'a', message: Buffer.alloc(bytes), entry: { tenant: 't', labels: {}, timestamp: '1', line: id, metadata: {} }
})

function ledgerOf (
  outcomes: Record<string, Outcome> = {}, add: (ids: string[]) => Promise<void> = async () => {}
): { ledger: Ledger, tally: Tally, marked: string[] } {
  const tally = new Tally()
  const marked: string[] = []
  const ledger = new Ledger({
    outcomeOf: async ({ id }) => await Promise.resolve(outcomes[id] ?? NONE),
    marks: {
      add: async items => {
        const ids = items.map(({ id }) => id)
        await add(ids)
        marked.push(...ids)
      }
    },
    tally,
    mostBytes: 100
  })
  return { ledger, tally, marked }
}

test('what is stored is marked and counted; what is left is counted, and not marked', async () => {
  const { ledger, tally, marked } = ledgerOf({
    b: { kind: 'left', reason: 'too_old' },
    c: { kind: 'left', reason: 'refused', detail: '400 no' },
    d: { kind: 'stored', again: new Map([['empty', 2]]) }
  })
  ledger.settled(['a', 'b', 'c', 'd'].map(id => item(id)))
  await ledger.idle()
  assert.deepEqual(marked, ['a', 'd'])
  assert.deepEqual([tally.replayed, tally.leftTotal, [...tally.again], tally.complete], [2, 2, [['empty', 2]], false])
  assert.equal(tally.left.get('refused')?.samples[0]?.detail, '400 no')
})

test('no more is on its way than may be sent again', async () => {
  const marking = new Deferred<void>()
  const { ledger } = ledgerOf({}, async () => { await marking.promise })
  const items = [item('a', 60), item('b', 60)]
  let room = false
  await ledger.began(items.slice(0, 1))
  const began = ledger.began(items.slice(1)).then(() => { room = true })
  ledger.settled(items.slice(0, 1))
  await new Promise<void>(resolve => { setImmediate(resolve) })
  assert.equal(room, false, 'it is settled, but not marked')
  marking.resolve()
  await began
})

test('marks that fail end the run, and what they would mark does not count', async () => {
  const { ledger, tally } = ledgerOf({}, async () => { await Promise.reject(new Error('no room')) })
  ledger.settled([item('a')])
  await assert.rejects(ledger.failed, /no room/)
  await ledger.idle()
  assert.deepEqual([tally.replayed, ledger.error?.message], [0, 'no room'])
})
