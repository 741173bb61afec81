import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../../src/sink/classify.ts'
import { Witnesses } from '../../../src/sink/witnesses.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { turn } from '../../helpers/until.ts'

const STORED: Answer = { kind: 'stored', status: 204 }
const REFUSED: Answer = { kind: 'rejected', status: 400, message: 'no', fault: 'unknown' }
const LATER = { kind: 'retry', reason: '5xx', message: '503' } as const

function bench (answers: Record<string, Answer>) {
  const clock = { now: 0 }
  const pushes: string[] = []
  const witnesses = new Witnesses({
    shapesOf: async part => part.tenant.split('').map(key => ({ key, body: Buffer.from(key) })),
    push: async (endpoint, _tenant, body) => {
      pushes.push(`${endpoint} ${body.toString()}`)
      await turn()
      return answers[body.toString()] ?? STORED
    },
    now: () => clock.now
  })
  const part = (shapes: string): Part => ({
    address: 'a', tenant: shapes, shard: 0, body: Buffer.alloc(0), rawBytes: 1, records: 1, solo: false, quarantine: false
  })
  return { clock, pushes, answers, hear: async (shapes: string, endpoint = 0) => await witnesses.hear(part(shapes), endpoint) }
}

test('taken where one shape is, refused where none is', async () => {
  const { hear, pushes } = bench({ a: REFUSED, b: REFUSED })
  assert.equal(await hear('ab'), 'refused')
  assert.equal(await hear('abcd'), 'taken')
  assert.deepEqual(pushes, ['0 a', '0 b', '0 a', '0 b', '0 c'], 'tenants do not speak for each other')
})

test('a verdict holds for five seconds, for its endpoint, and those who ask together share a push', async () => {
  const { hear, pushes, clock } = bench({ a: REFUSED })
  assert.deepEqual(await Promise.all([hear('a'), hear('a'), hear('a')]), ['refused', 'refused', 'refused'])
  clock.now = 4_999
  await hear('a')
  await hear('a', 1)
  assert.deepEqual(pushes, ['0 a', '1 a'])
  clock.now = 5_000
  await hear('a')
  assert.deepEqual(pushes, ['0 a', '1 a', '0 a'])
})

test('where a witness meets a failure of Loki, nobody can tell, and the next one is asked anew', async () => {
  const { hear, pushes, answers } = bench({ a: LATER })
  assert.deepEqual(await hear('a'), LATER)
  answers.a = STORED
  assert.equal(await hear('a'), 'taken')
  assert.equal(pushes.length, 2)
})

test('a witness that meets the limit on streams has passed all else', async () => {
  const { hear } = bench({ a: { kind: 'retry', reason: '429', message: '429 Maximum active stream limit exceeded when trying to create' } })
  assert.equal(await hear('a'), 'taken')
})
