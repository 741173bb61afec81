import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PushAttempt } from '../../src/embedded/loki/push/fault.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack, type StackOptions } from '../helpers/stack.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()
/** The value of the backlog label for a record of this time. */
const spanOf = (time: string): string => time.slice(0, 13)
const backlogOf = (labels: string): string | undefined => /backlog="([^"]*)"/.exec(labels)?.[1]

/** Another Lokean between the same bus and the same Loki. */
async function beside (t: Parameters<typeof Stack.start>[0], stack: Stack, options: StackOptions = {}): Promise<Stack> {
  return await Stack.start(t, { ...options, env: { ...options.env, LOKEAN_AMQP_URL: stack.bus.url, LOKEAN_LOKI_URL: stack.loki.url } })
}

test('records too far behind their stream are stored at their own time under their own labels, and one more', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_WORKERS: '1' } })
  const sender = await stack.sender()
  const times = [0, 2 * HOUR, HOUR / 2, 5 * HOUR].map(ago)
  const records = times.map((time, i) => record({ source: 'a', '@timestamp': time, message: String(i) }))
  assert.equal(await sender.send(message([...records, record({ source: 'b', '@timestamp': times[1], message: 'b' })])), 'accepted')
  const expected = [['0', undefined], ['1', spanOf(times[1])], ['2', undefined], ['3', spanOf(times[3])], ['b', undefined]]
  const stored = stack.stored()
  assert.deepEqual(stored.map(({ labels, line }) => [line.toString(), backlogOf(labels)]).sort(), expected)
  for (const { labels, line, time } of stored) {
    assert.match(labels, /host="compute-0.example.org"/)
    assert.equal(time, BigInt(Date.parse(times[Number(line.toString()) || 1 - Number(line.toString() === '0')])) * 1_000_000n)
  }
  assert.equal(stack.loki.stats().rejected.too_far_behind, 0)
  assert.equal(await stack.metric('lokean_records_mended_total', { reason: 'backlog' }), 2)
})

test('with the label off, they go to quarantine, where Loki might have dropped them without a word', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_WORKERS: '1', LOKEAN_BACKLOG_LABEL: 'off' } })
  const sender = await stack.sender()
  const late = record({ '@timestamp': ago(2 * HOUR), message: 'late' })
  assert.equal(await sender.send(message([record(), late])), 'accepted')
  const another = await beside(t, stack, { env: { LOKEAN_BACKLOG_LABEL: 'off' } })
  await stack.stop()
  assert.equal(await sender.send(message([late])), 'accepted')
  assert.deepEqual(another.log.filter(line => line.includes('backlog="')), [])
  assert.deepEqual(stack.stored().map(({ labels, line }) => [/quarantine="(.*?)"/.exec(labels)?.[1], line.toString()]), [
    [undefined, 'hello'], ['too_late', late], ['refused', 'late']
  ])
})

test('what another Lokean has brought further is refused by Loki in sight, and moved in a handful of pushes', async t => {
  const stack = await Stack.start(t)
  assert.equal(await (await stack.sender()).send(message([record({ source: 'a' })])), 'accepted')
  await stack.stop()
  const another = await beside(t, stack, { env: { LOKEAN_WORKERS: '1' } })
  const sender = await stack.sender()
  const pushes = stack.loki.stats().pushes
  const late = Array.from({ length: 2_400 }, (_, i) =>
    record({ source: 'a', '@timestamp': ago(4 * HOUR - i * 4_000), message: `late ${i}` }))
  assert.equal(await sender.send(message([...late, record({ source: 'b', message: 'good' })])), 'accepted')
  assert.ok(stack.loki.stats().pushes - pushes <= 10, `${stack.loki.stats().pushes - pushes} pushes`)
  const stored = stack.stored().filter(({ labels }) => backlogOf(labels) !== undefined)
  assert.equal(stored.length, late.length)
  for (const { labels, time } of stored) assert.equal(backlogOf(labels), spanOf(new Date(Number(time / 1_000_000n)).toISOString()))
  assert.equal(await another.metric('lokean_records_mended_total', { reason: 'backlog' }), late.length)

  // Its workers know now.
  const refused = stack.loki.stats().rejected.too_far_behind
  assert.equal(await sender.send(message(late.slice(0, 10))), 'accepted')
  assert.equal(stack.loki.stats().rejected.too_far_behind, refused)
  assert.ok(stack.stored().every(({ labels }) => !labels.includes('quarantine')))
})

test('a record that another Lokean has put too far behind meanwhile is not lost behind a 204', async t => {
  const one = { env: { LOKEAN_SHARDS: '1', LOKEAN_WORKERS: '1' } }
  const stack = await Stack.start(t, one)
  const sender = await stack.sender()
  const old = (line: string): string => record({ source: 'a', '@timestamp': ago(2 * HOUR), message: line })
  // Both streams are known then, to Lokean and to Loki, and share a part.
  assert.equal(await sender.send(message([old('first'), record({ source: 'b', message: 'good' })])), 'accepted')
  const another = await Stack.start(t, { env: { LOKEAN_LOKI_URL: stack.loki.url } })
  assert.equal(await (await another.sender()).send(message([record({ source: 'a', message: 'new' })])), 'accepted')
  // Loki answers for the last stream of a push only.
  assert.equal(await sender.send(message([old('second'), record({ source: 'b', message: 'also good' })])), 'accepted')
  assert.deepEqual(stack.stored().map(({ labels, line }) => [line.toString(), backlogOf(labels) !== undefined]).sort(), [
    ['also good', false], ['first', false], ['good', false], ['new', false], ['second', true]
  ])
})

test('a push with records too far behind in many streams costs about a push for each', async t => {
  const STREAMS = 40
  const stack = await Stack.start(t, { env: { LOKEAN_SHARDS: '1' } })
  const first = await stack.sender()
  const sources = Array.from({ length: STREAMS }, (_, i) => `s${i}`)
  assert.equal(await first.send(message(sources.map(source => record({ source })))), 'accepted')
  await stack.stop()
  await beside(t, stack, { env: { LOKEAN_SHARDS: '1', LOKEAN_WORKERS: '1' } })
  const sender = await stack.sender()
  const { pushes } = stack.loki.stats()
  const time = ago(2 * HOUR)
  const late = sources.flatMap(source => ['1', '2', '3'].map(line => record({ source, '@timestamp': time, message: line })))
  assert.equal(await sender.send(message(late)), 'accepted')
  assert.ok(stack.loki.stats().pushes - pushes <= 2 * STREAMS, `${stack.loki.stats().pushes - pushes} pushes`)
  assert.equal(stack.stored().filter(({ labels }) => backlogOf(labels) === spanOf(time)).length, 3 * STREAMS)
})

test('a record in a backlog stream stays there when its push is made again', async t => {
  const isBacklog = ({ body }: PushAttempt): boolean => body.includes('backlog')
  let struck = 0
  const stack = await Stack.start(t, {
    env: { LOKEAN_WORKERS: '1' },
    loki: {
      intercept: push => isBacklog(push) && struck++ < 2
        ? { kind: 'close', when: struck === 1 ? 'before-store' : 'after-store' }
        : undefined
    }
  })
  const sender = await stack.sender()
  assert.equal(await sender.send(message([record()])), 'accepted')
  const time = ago(2 * HOUR)
  assert.equal(await sender.send(message([record({ '@timestamp': time, message: 'late' })])), 'accepted')
  assert.ok(struck > 2)
  assert.deepEqual(stack.stored().map(({ labels, line }) => [backlogOf(labels), line.toString()]), [
    [undefined, 'hello'], [spanOf(time), 'late']
  ])
})

test('two Lokeans with several workers each get old and new records of the same streams at once: each is in its place', async t => {
  const [HOSTS, MESSAGES, RECORDS] = [5, 60, 40]
  const stack = await Stack.start(t, { env: { LOKEAN_WORKERS: '3' } })
  const another = await beside(t, stack, { env: { LOKEAN_WORKERS: '3' } })
  const senders = await Promise.all(Array.from({ length: 6 }, async () => await stack.sender()))
  const expected = new Map<string, { host: string, time: bigint }>()
  const newest = Date.now()
  await Promise.all(senders.map(async (sender, s) => {
    for (let m = 0; m < MESSAGES; m++) {
      // Half of the senders bring what has lain in a disk queue for three hours.
      const first = s % 2 === 0 ? newest - MESSAGES * 1_000 : newest - 3 * HOUR
      const records = Array.from({ length: RECORDS }, (_, r) => {
        const [host, line] = [`h${(m + s) % HOSTS}`, `${s} ${m} ${r}`]
        const time = first + m * 1_000 + r * 6 + s
        expected.set(line, { host, time: BigInt(time) * 1_000_000n })
        return record({ host, '@timestamp': new Date(time).toISOString(), message: line })
      })
      await sender.deliver(message(records))
    }
  }))
  await Promise.all([stack.stop(), another.stop()])
  const stored = stack.stored()
  assert.deepEqual(stored.filter(({ labels }) => labels.includes('quarantine')), [])
  assert.equal(stored.length, expected.size, 'each once')
  for (const { labels, line, time } of stored) {
    const wanted = expected.get(line.toString())!
    assert.equal(/host="([^"]*)"/.exec(labels)![1], wanted.host)
    // Those of several messages may have one time: they are in order then, a nanosecond apart.
    assert.ok(time - wanted.time >= 0n && time - wanted.time < 1_000n)
    const span = backlogOf(labels)
    if (span !== undefined) assert.equal(span, spanOf(new Date(Number(time / 1_000_000n)).toISOString()))
  }
  assert.ok(stored.some(({ labels }) => backlogOf(labels) !== undefined))
})
