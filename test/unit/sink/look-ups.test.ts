import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { ReadRange, ReadStream } from '../../../src/sink/loki-reader.ts'
import { LookUps } from '../../../src/sink/look-ups.ts'
import type { Pending } from '../../../src/sink/shard-tools.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'

function pending (records: number): Pending {
  const place = { address: 'a', tenant: 'acme', shard: 0, solo: false, quarantine: false }
  const part: Part = { ...place, body: Buffer.alloc(0), rawBytes: 100 * records, records }
  return { part, ticket: { resolvePart () {}, split () {} }, doubt: { reason: 'timeout', at: 0, look: 'next' } }
}

/** Entries of one stream at these times. */
function page (...times: number[]): ReadStream[] {
  return [{ labels: { host: 'h' }, entries: times.map(time => ({ time: `${time}`, line: 'x', metadata: {} })) }]
}

interface Given { pages: Array<ReadStream[] | Error>, tenant?: string, entryBytes?: number, left?: Array<Part | undefined> }

function lookUpsOf ({ pages, tenant, entryBytes = 100, left }: Given) {
  const asked: Array<ReadRange & { tenant: string, query: string }> = []
  const found: ReadStream[][] = []
  const counted: number[] = []
  const log: string[] = []
  const lookUps = new LookUps({
    reader: {
      range: async (tenant, query, range) => {
        asked.push({ ...range, tenant, query })
        const answer = pages[asked.length - 1] ?? []
        if (answer instanceof Error) throw answer
        return await Promise.resolve(answer)
      }
    },
    tenant,
    lookUp: async () => await Promise.resolve({ selector: '{host="h"}', first: 10n, last: 99n, entryBytes }),
    subtract: async ({ parts, found: streams }) => {
      found.push([...streams] as ReadStream[])
      return await Promise.resolve(left ?? parts)
    },
    now: () => 0,
    log: pino({}, { write: line => { log.push(line) } }),
    onFound: records => { counted.push(records) },
  })
  return { lookUps, asked, found, counted, log }
}

test('what is found is left out and counted; what is left is not looked up again', async () => {
  const [one, two] = [pending(5), pending(7)]
  const half = { ...two.part, records: 3 }
  const { lookUps, asked, counted } = lookUpsOf({ pages: [page(11, 12)], left: [undefined, half] })
  const rest = await lookUps.rest([one, two])
  assert.deepEqual(rest, [undefined, { ...two, part: half, doubt: { reason: 'timeout', at: 0, look: 'done' } }])
  assert.deepEqual(counted, [9])
  assert.deepEqual(asked, [{ tenant: 'acme', query: '{host="h"}', start: 10n, end: 100n, limit: 5000 }])
})

test('only what is in doubt is looked up: what has not been pushed, and what Loki has answered, stays as it is', async () => {
  const fresh = { ...pending(5), doubt: undefined }
  const answered: Pending = { ...pending(6), doubt: { reason: '5xx', at: 0, look: 'never' } }
  const { lookUps, counted } = lookUpsOf({ pages: [page(11)], left: [undefined] })
  assert.deepEqual(await lookUps.rest([fresh, pending(7), answered]), [fresh, undefined, answered])
  assert.deepEqual(counted, [7])
})

test('a stop ends look-ups: what they have not found is pushed again', async () => {
  const { lookUps, asked } = lookUpsOf({ pages: [page(11)] })
  lookUps.drain()
  const one = pending(1)
  assert.equal((await lookUps.rest([one]))[0]?.part, one.part)
  assert.equal(asked.length, 0)
})

test('a full page is followed by one that begins at its last time; an answer stays below what Loki can carry', async () => {
  const { lookUps, asked, found } = lookUpsOf({ pages: [page(11, 15), page(15, 20), page(20)], entryBytes: 2 ** 20 - 200 })
  await lookUps.rest([pending(1)])
  assert.deepEqual(asked.map(({ start, limit }) => [start, limit]), [[10n, 2], [15n, 2], [20n, 2]])
  assert.equal(found[0].length, 3)
})

test('a page of one time ends the look-up: what it did not show is pushed again', async () => {
  const { lookUps, asked } = lookUpsOf({ pages: [page(10, 10), page(10, 10)], entryBytes: 2 ** 20 - 200 })
  await lookUps.rest([pending(1)])
  assert.equal(asked.length, 1)
})

test('an endless range ends', async () => {
  const pages = Array.from({ length: 100 }, (_, i) => page(10 + i, 11 + i))
  const { lookUps, asked } = lookUpsOf({ pages, entryBytes: 2 ** 20 - 200 })
  await lookUps.rest([pending(1)])
  assert.equal(asked.length, 20)
})

test('a lower limit of the tenant is kept to', async () => {
  const refused = new Error('Loki answered a query with 400 max entries limit per query exceeded, limit > max_entries_limit_per_query (5000 > 1000)')
  const { lookUps, asked, log } = lookUpsOf({ pages: [refused, page(11), page(11)] })
  await lookUps.rest([pending(1)])
  await lookUps.rest([pending(1)])
  assert.deepEqual([asked.map(({ limit }) => limit), log], [[5000, 1000, 1000], []])
})

test('a tenant of its own for reading', async () => {
  const { lookUps, asked } = lookUpsOf({ pages: [page(11)], tenant: 'everyone' })
  await lookUps.rest([pending(1)])
  assert.equal(asked[0].tenant, 'everyone')
})

test('where Loki cannot be asked, all is pushed again, and the setting is named once', async () => {
  const { lookUps, counted, log } = lookUpsOf({ pages: [new Error('no'), new Error('no')] })
  const [one, two] = [pending(5), pending(7)]
  assert.deepEqual((await lookUps.rest([one])).map(rest => [rest?.part, rest?.doubt?.look]), [[one.part, 'done']])
  await lookUps.rest([two])
  assert.deepEqual([counted, log.length], [[], 1])
  assert.match(log[0], /"reason":"no".*LOKEAN_LOKI_QUERY_URL/)
})

test('a push whose connection was lost is looked for when it had time to arrive; a close ends that wait', async () => {
  const { lookUps, asked } = lookUpsOf({ pages: [page(11)] })
  const rest = lookUps.rest([{ ...pending(1), doubt: { reason: 'connection', at: 1e9, look: 'next' } }])
  await new Promise<void>(resolve => { setImmediate(resolve) })
  assert.equal(asked.length, 0)
  lookUps.close()
  await rest
})
