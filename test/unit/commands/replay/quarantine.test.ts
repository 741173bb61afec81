import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quarantineQuery, readAll } from '../../../../src/commands/replay/quarantine.ts'
import type { ReadRange, ReadStream } from '../../../../src/sink/loki-reader.ts'

const DAY = 86_400n * 1_000_000_000n
const { signal } = new AbortController()

interface FakeLoki {
  range: (tenant: string, query: string, range: ReadRange) => Promise<ReadStream[]>
  asked: ReadRange[]
}

/** A Loki that has an entry at each of these times, and refuses a page of more than `most`. */
function lokiOf (times: readonly bigint[], most = 20_000): FakeLoki {
  const asked: ReadRange[] = []
  return {
    asked,
    range: async (_tenant, _query, range) => {
      asked.push(range)
      if (range.limit > most) throw new Error('Loki answered a query with 500 too large')
      const entries = times.map((time, i) => ({ time: String(time), line: `${i}`, metadata: {} }))
        .filter(({ time }) => BigInt(time) >= range.start && BigInt(time) < range.end).slice(0, range.limit)
      const streams = [entries.filter((_, i) => i % 2 === 0), entries.filter((_, i) => i % 2 === 1)]
      return await Promise.resolve(streams.map((entries, i) => ({ labels: { quarantine: 'x', __stream_shard__: String(i) }, entries })))
    }
  }
}

async function linesOf (loki: FakeLoki, from: bigint, to: bigint): Promise<string[]> {
  const lines: string[] = []
  for await (const page of readAll(loki, 't', 'q', { from, to }, signal, 0)) {
    lines.push(...page.map(({ line }) => line))
    assert.ok(page.every(({ tenant, labels }) => tenant === 't' && !('__stream_shard__' in labels)))
  }
  return lines
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

test('all entries come in the order of their times, once each, over the ends of pages and of what one query may span', async () => {
  const times = Array.from({ length: 9_500 }, (_, i) => BigInt(i) * DAY / 400n)
  assert.deepEqual(await linesOf(lokiOf(times), 0n, 40n * DAY), numbers(9_500))
})

test('entries of one time over the end of a page come once each', async () => {
  const times = Array.from({ length: 13_700 }, (_, i) => BigInt(Math.floor(i / 3_300)))
  for (const one of [times, times.map(() => 5n)]) {
    // Streams with equal times come one after the other.
    const lines = await linesOf(lokiOf(one), 0n, 10n)
    assert.deepEqual(lines.sort((a, b) => Number(a) - Number(b)), numbers(13_700))
  }
})

test('a page that Loki refuses is asked for with fewer entries', async () => {
  const loki = lokiOf(Array.from({ length: 600 }, (_, i) => BigInt(i)), 300)
  assert.deepEqual(await linesOf(loki, 0n, 1_000n), numbers(600))
  assert.deepEqual(loki.asked.slice(0, 3).map(({ limit }) => limit), [4_000, 1_000, 250])
})

test('where Loki refuses a single entry too, reading fails with what it said', async () => {
  const loki = lokiOf([1n], 0)
  await assert.rejects(linesOf(loki, 0n, 10n), /500 too large/)
  assert.deepEqual(loki.asked.map(({ limit }) => limit), [4_000, 1_000, 250, 63, 16, 4, 1])
})

test('the time ends before its end', async () => {
  assert.deepEqual(await linesOf(lokiOf([1n, 2n, 3n]), 2n, 3n), ['1'])
})

test('the query for some reasons, or any', () => {
  assert.equal(quarantineQuery([]), '{source="lokean", quarantine=~".+"}')
  assert.equal(quarantineQuery(['too_old', 'no_labels']), '{source="lokean", quarantine=~"too_old|no_labels"}')
})
