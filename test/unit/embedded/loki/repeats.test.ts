import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { get, loki } from './push/logproto.ts'

/** Entries numbered from `from` up to `to`. `pairs`: so many pairs of metadata. */
interface Entries {
  from: number
  to: number
  bytes: number
  line?: string
  labels?: Record<string, string>
  metadata?: Record<string, string>
  pairs?: number
}

interface Found {
  statuses: number[]
  log: number
  count: number
  bytes: number
  byShard: Record<string, number>
  /** Times, in ns behind the base, and lines. */
  entries?: string[]
}

interface Case { name: string, query?: string, increment?: boolean, pushes: Entries[][], found: Found }

interface Result { metric?: Record<string, string>, value?: [number, string], values?: string[][] }

function projectFolder (): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder)
  return folder
}

const { cases } = JSON.parse(readFileSync(new URL('test/fixtures/loki/repeats.json', projectFolder()), 'utf8')) as { cases: Case[] }
const REAL = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')
const NEEDED = { skip: REAL === '' && 'LOKEAN_TEST_LOKI_URL names no Loki' }

/** The streams of one test in a Loki, embedded or real, all with a label of their own. */
class Trial {
  readonly #url: string
  readonly #name = randomUUID()
  readonly #base = Date.now() - 60_000

  constructor (url: string) {
    this.#url = url
  }

  /** Returns the status. A push that comes too fast for a real Loki's limits is made again. */
  async push (entries: readonly Entries[]): Promise<number> {
    const streams = new Map<string, { stream: object, values: unknown[] }>()
    for (const { from, to, bytes, line, labels = {}, metadata = {}, pairs = 0 } of entries) {
      const stream = { trial: this.#name, ...labels }
      const key = JSON.stringify(stream)
      if (!streams.has(key)) streams.set(key, { stream, values: [] })
      const all = { ...metadata, ...Object.fromEntries(Array.from({ length: pairs }, (_, i) => [`k${i}`, 'v'])) }
      for (let n = from; n < to; n++) {
        streams.get(key)!.values.push([`${this.#base + n}000000`, (line ?? `#${n} `).padEnd(bytes, 'x'), all])
      }
    }
    const body = JSON.stringify({ streams: [...streams.values()] })
    for (;;) {
      const headers = { 'content-type': 'application/json', connection: 'close' }
      const response = await fetch(`${this.#url}/loki/api/v1/push`, { method: 'POST', headers, body })
      await response.text()
      if (response.status !== 429) return response.status
    }
  }

  async found (stages = ''): Promise<Omit<Found, 'statuses'>> {
    const query = `{trial="${this.#name}"} ${stages}`
    const end = `${this.#base + 60_000}000000`
    const start = `${this.#base - 3 * 3600_000}000000`
    const log = await this.#ask('query_range', { query, start, end, limit: '1000', direction: 'forward' })
    const lines = log.flatMap(({ values = [] }) => values)
    const count = async (what: string): Promise<Array<[shard: string, count: number]>> => {
      const series = await this.#ask('query', { query: `${what}(${query} [4h]))`, time: end })
      return series.map(({ metric, value }) => [metric?.__stream_shard__ ?? '', Number(value?.[1])])
    }
    return {
      log: lines.length,
      count: (await count('sum(count_over_time'))[0]?.[1] ?? 0,
      bytes: (await count('sum(bytes_over_time'))[0]?.[1] ?? 0,
      byShard: Object.fromEntries(await count('sum by (__stream_shard__) (count_over_time')),
      entries: lines.map(([time, line]) => `${BigInt(time) - BigInt(this.#base) * 1_000_000n} ${line.replace(/x*$/, '')}`).sort()
    }
  }

  async #ask (path: string, params: Record<string, string>): Promise<Result[]> {
    const { status, text } = await get({ url: this.#url }, `/loki/api/v1/${path}`, params)
    assert.equal(status, 200, text)
    return JSON.parse(text).data.result
  }
}

async function holds (url: string, { query, pushes, found }: Case): Promise<void> {
  const trial = new Trial(url)
  const statuses: number[] = []
  for (const push of pushes) statuses.push(await trial.push(push))
  const { entries, ...counts } = await trial.found(query)
  assert.deepEqual({ statuses, ...counts, ...found.entries === undefined ? {} : { entries } }, found)
}

for (const one of cases) {
  test(`stores and finds as Loki 3.7.6: ${one.name}`, async t => {
    const { url } = await loki(t, { version: '3.7.6', now: Date.now, limits: { incrementDuplicateTimestamp: one.increment ?? false } })
    await holds(url, one)
  })
}

test('a real Loki stores and finds so', NEEDED, async t => {
  const increments = /^ +increment_duplicate_timestamp: true$/m.test((await get({ url: REAL }, '/config')).text)
  for (const one of cases) {
    const skip = one.increment !== undefined && !increments && 'its increment_duplicate_timestamp is off'
    await t.test(one.name, { skip }, async () => await holds(REAL, one))
  }
})

test('before 3.7.0, entries are one also where their metadata differ', async t => {
  const { url } = await loki(t, { version: '3.4.6', now: Date.now })
  const one = cases.find(({ name }) => name === 'with other metadata')!
  await holds(url, { ...one, found: { ...one.found, log: 10, count: 10, bytes: 10_000, byShard: { '': 10 } } })
})

/** Pushes until even a small push of the stream is divided, and then what the stream held when it was slow. */
async function dividedAndAgain (url: string, pass: () => void = () => {}): Promise<void> {
  const trial = new Trial(url)
  const slow: Entries[] = [{ from: -10, to: 0, bytes: 100, line: 'slow' }]
  const isDivided = async (): Promise<boolean> => Object.keys((await trial.found('|= "probe"')).byShard).some(shard => shard !== '')
  await trial.push(slow)
  for (let i = 0; !(await isDivided()); i++) {
    assert.ok(i < 40, 'no push was divided')
    pass()
    assert.equal(await trial.push([{ from: i * 20, to: i * 20 + 20, bytes: 100_000 }]), 204)
    assert.equal(await trial.push([{ from: i, to: i + 1, bytes: 10, line: 'probe' }]), 204)
  }
  await trial.push(slow)
  const { log, count, byShard: { '': whole, ...shards } } = await trial.found('|= "slow"')
  assert.deepEqual({ log, count, whole }, { log: 20, count: 20, whole: 10 })
  const held = Object.values(shards)
  assert.ok(held.length > 1 && held.every(entries => Math.abs(entries - 10 / held.length) < 1), JSON.stringify(shards))
}

test('a stream that is fast is divided into shards, which know nothing of what the stream holds', async t => {
  let now = Date.now()
  const limits = { rateBytes: Infinity, burstBytes: Infinity, aheadMs: Infinity }
  const { url } = await loki(t, { version: '3.7.6', now: () => now, limits })
  await dividedAndAgain(url, () => { now += 250 })
})

test('a real Loki divides a fast stream so', NEEDED, async () => { await dividedAndAgain(REAL) })

test('no stream is divided that is slow enough, or where that is off', async t => {
  for (const [shardRateBytes, ms] of [[1_000_000, 3000], [Infinity, 1]]) {
    let now = Date.now()
    const limits = { shardRateBytes, rateBytes: Infinity, burstBytes: Infinity, aheadMs: Infinity }
    const trial = new Trial((await loki(t, { now: () => now, limits })).url)
    for (let from = 0; from < 40; from += 4, now += ms) await trial.push([{ from, to: from + 4, bytes: 100_000 }])
    assert.deepEqual((await trial.found()).byShard, { '': 40 })
  }
})
