import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamRoom } from '../../../src/sink/stream-room.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'
import { turn } from '../../helpers/until.ts'

const MINUTE = 60_000

/** A tenant with `limit` streams at most, of whom Loki has `known`; undefined where it does not tell. */
function roomFor ({ limit, known }: { limit: number | undefined, known: number | undefined }) {
  const loki = { limit, known, own: 0 }
  const asked: number[] = []
  const clock = { now: 0, unix: 1_000_000 }
  const room = new StreamRoom({
    limitOf: () => loki.limit,
    own: () => loki.own,
    count: async (_tenant, most) => {
      asked.push(most)
      await turn()
      return loki.known === undefined ? undefined : Math.min(most, loki.known)
    },
    now: () => clock.now,
    unixNow: () => clock.unix
  })
  const isSolo = (): boolean => room.isSolo(part(), 0)
  const counted = async (): Promise<boolean> => {
    room.isSolo(part(), 0)
    for (let i = 0; i < 4; i++) await turn()
    return room.isSolo(part(), 0)
  }
  const take = (parts: number): void => { room.take('t', Array.from({ length: parts }, () => part())) }
  return { room, loki, asked, clock, isSolo, counted, take }
}

function part (more: Partial<Part> = {}): Part {
  return {
    address: 'a',
    tenant: 't',
    shard: 0,
    body: new Uint8Array(),
    rawBytes: 1,
    records: 1,
    solo: false,
    quarantine: false,
    newStream: { slot: 1, id: 2, safeUntilMs: 2_000_000 },
    ...more
  }
}

test('new streams go alone where nobody tells a limit, and together where there is none', async () => {
  const unknown = roomFor({ limit: undefined, known: 0 })
  assert.deepEqual([await unknown.counted(), unknown.asked], [true, []])
  const none = roomFor({ limit: Infinity, known: undefined })
  assert.deepEqual([none.isSolo(), none.asked], [false, []])
})

test('a part that Loki may refuse for another reason goes alone, and one of known streams never has to', () => {
  const { room, clock } = roomFor({ limit: Infinity, known: 0 })
  assert.equal(room.isSolo(part({ solo: true }), 0), true)
  clock.unix = 1_999_999
  assert.equal(room.isSolo(part(), 0), false)
  clock.unix = 2_000_000
  assert.equal(room.isSolo(part(), 0), true, 'its records may be too far behind by now')
  assert.equal(room.isSolo(part({ newStream: undefined }), 0), false)
})

test('a quarter of what is missing to half of the limit goes together; half of it used, Loki is asked again', async () => {
  const { isSolo, counted, take, asked, loki } = roomFor({ limit: 1_000, known: 100 })
  assert.equal(isSolo(), true, 'until Loki has told')
  assert.equal(await counted(), false)
  take(49)
  assert.equal(isSolo(), false)
  assert.deepEqual(asked, [500])
  take(1)
  loki.known = 150
  assert.equal(isSolo(), false, 'the other half is there meanwhile')
  assert.deepEqual(asked, [500, 500])
  take(50)
  assert.equal(isSolo(), true)
  assert.equal(await counted(), false, 'a quarter of 350')
})

test('near half of the limit all go alone for five minutes, and for half a minute where Loki does not tell how many it has', async () => {
  for (const known of [469, 500, 10_000, undefined]) {
    const { counted, clock, asked, loki } = roomFor({ limit: 1_000, known })
    const after = known === undefined ? MINUTE / 2 : 5 * MINUTE
    assert.deepEqual([await counted(), await counted(), asked.length], [true, true, 1], `${known} known`)
    loki.known = 0
    clock.now = after - 1
    assert.deepEqual([await counted(), asked.length], [true, 1])
    clock.now = after
    assert.deepEqual([await counted(), asked.length], [false, 2])
  }
})

test('a new stream that Loki turns away closes the room, though there be no limit as told', async () => {
  for (const limit of [Infinity, 1_000]) {
    const { room, counted, clock, loki } = roomFor({ limit, known: 0 })
    assert.equal(await counted(), false)
    room.refused('t')
    assert.equal(await counted(), true)
    clock.now = 60 * MINUTE
    assert.equal(await counted(), true, 'that limit is wrong')
    loki.limit = 2_000
    assert.equal(await counted(), false)
  }
})

test('another limit than the one that was counted for is counted for anew', async () => {
  const { counted, asked, loki } = roomFor({ limit: 10_000, known: 100 })
  await counted()
  loki.limit = 250
  assert.equal(await counted(), true)
  assert.deepEqual(asked, [5_000, 125])
})

test('a push has no more new streams than the slice has left', async () => {
  const { room, counted } = roomFor({ limit: 1_000, known: 300 })
  assert.equal(await counted(), false)
  assert.deepEqual([room.isSolo(part(), 49), room.isSolo(part(), 50)], [false, true])
})

test('what was counted long ago opens nothing until Loki has told again', async () => {
  const { isSolo, counted, clock, loki } = roomFor({ limit: 5_000, known: 100 })
  assert.equal(await counted(), false)
  clock.now = 5 * MINUTE
  loki.known = 4_990
  assert.equal(isSolo(), true)
  assert.equal(await counted(), true)
})

test('streams that Loki does not count, as their records are old, count as this process knows them', async () => {
  const { counted, loki } = roomFor({ limit: 5_000, known: 100 })
  loki.own = 2_400
  assert.equal(await counted(), true)
})
